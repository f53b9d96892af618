//! Tests USB/IP: the server packet by packet, the client against it, and both against invalid data.

mod client;
mod hostile;
mod server;
mod wire;

use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::wire::DEADLINE;
use crate::virtual_duo::{DFU, device_id, key_maker};
use duo_provision::simulator::{Duo, DuoOptions, Generation, Hub, UsbIpServer};
use duo_provision::usb::clock::SystemClock;
use duo_provision::usb::usbip::UsbipBus;
use duo_provision::usb::{Bus, Device, PortPath, Transport};

/// A server on its own port, with `duos` r6 Duos that restart at once.
struct Bench {
    hub: Arc<Hub>,
    server: UsbIpServer,
}

impl Bench {
    fn new(duos: u8) -> Self {
        let hub = Hub::new(Arc::new(SystemClock::new()));
        for n in 0..duos {
            let mut options = DuoOptions::new(Generation::R6, device_id(n + 1));
            options.boot_time = Duration::from_millis(30);
            hub.plug(Duo::new(options, key_maker(usize::from(n) * 10)));
        }
        let server = UsbIpServer::start(hub.clone(), 0).unwrap();
        Self { hub, server }
    }

    fn path(port: u8) -> PortPath {
        PortPath::new(1, &[port])
    }

    fn duo<R>(&self, port: u8, f: impl FnOnce(&mut Duo) -> R) -> R {
        self.hub.with_duo(&Self::path(port), |duo, _| f(duo)).unwrap()
    }

    fn connect(&self) -> TcpStream {
        wire::connect(self.server.address())
    }

    fn import(&self, busid: &str) -> TcpStream {
        let mut stream = self.connect();
        let reply = wire::import(&mut stream, busid);
        assert_eq!(reply[..8], [1, 0x11, 0, 3, 0, 0, 0, 0], "status");
        stream
    }

    fn bus(&self) -> UsbipBus {
        UsbipBus::new(&self.server.address().to_string()).unwrap()
    }

    fn open(&self, index: usize) -> Box<dyn Transport> {
        let bus = self.bus();
        bus.open(&bus.list(&[DFU]).unwrap()[index]).unwrap()
    }

    /// Waits until the client sees this many Duos in DFU mode.
    fn wait_for_devices(&self, count: usize) -> Vec<Device> {
        let end = Instant::now() + DEADLINE;
        loop {
            let devices = self.bus().list(&[DFU]).unwrap();
            if devices.len() == count {
                return devices;
            }
            assert!(Instant::now() < end, "still {} devices", devices.len());
            std::thread::yield_now();
        }
    }
}
