//! Puts the mock Duo behind the `Bus` and `Transport` traits, with its descriptors, and a clock that only sleeping
//! advances.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use duo_provision::usb::{Bus, Clock, Device, PortPath, Setup, TransferError, Transport, UsbError};

use super::mock_duo::{MockDuo, Trouble};

pub const DCT: &str = "@DCT Flash   /0x00000000/01*016Kg";
pub const INTERNAL: &str = "@Internal Flash   /0x08000000/02*016Ka,02*016Kg,01*064Kg,07*128Kg";

#[derive(Default)]
pub struct VirtualClock(AtomicU64);

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

/// A device with its descriptors, and a log of what was done to it besides class requests.
pub struct Model {
    pub duo: MockDuo,
    pub bcd_device: u16,
    pub product_id: u16,
    pub serial: Vec<u8>,
    pub alts: Vec<Option<String>>,
    /// attributes, wTransferSize, bcdDFUVersion
    pub functional: Option<(u8, u16, u16)>,
    pub claim: Result<(), UsbError>,
    pub babbles: bool,
    pub calls: Vec<String>,
}

impl Model {
    pub fn new() -> Self {
        Self {
            duo: MockDuo::new(),
            bcd_device: 0x0250,
            product_id: 0xD058,
            serial: string("00112233445566778899AABB"),
            alts: vec![Some(INTERNAL.into()), Some(DCT.into()), Some("@Serial Flash/0x0/192*004Kg".into())],
            functional: Some((0x0B, 4096, 0x011A)),
            claim: Ok(()),
            babbles: false,
            calls: Vec::new(),
        }
    }

    fn descriptor(&self, kind: u8, index: u8) -> Option<Vec<u8>> {
        match (kind, index) {
            (1, 0) => {
                let [low, high] = self.bcd_device.to_le_bytes();
                let [p, q] = self.product_id.to_le_bytes();
                Some(vec![18, 1, 0, 2, 0, 0, 0, 64, 0x04, 0x2B, p, q, low, high, 1, 2, 3, 1])
            }
            (2, 0) => Some(self.configuration()),
            (3, 0) => Some(vec![4, 3, 9, 4]),
            (3, 1) => Some(string("RedBear")),
            (3, 2) => Some(string("Duo DFU Mode")),
            (3, 3) => Some(self.serial.clone()),
            (3, n) => self.alts.get(usize::from(n) - 6)?.as_deref().map(string),
            _ => None,
        }
    }

    fn configuration(&self) -> Vec<u8> {
        let mut bytes = vec![9, 2, 0, 0, 1, 1, 2, 0xC0, 50];
        for n in 0..u8::try_from(self.alts.len()).unwrap() {
            bytes.extend([9, 4, 0, n, 0, 0xFE, 1, 2, 6 + n]);
        }
        if let Some((attributes, size, version)) = self.functional {
            bytes.extend([9, 0x21, attributes, 0xFF, 0]);
            bytes.extend(size.to_le_bytes());
            bytes.extend(version.to_le_bytes());
        }
        bytes[2] = u8::try_from(bytes.len()).unwrap();
        bytes
    }
}

pub fn string(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&[u8::try_from(units.len() + 2).unwrap(), 3], units.as_slice()].concat()
}

#[derive(Clone)]
pub struct MockBus(Arc<Mutex<Model>>);

impl MockBus {
    pub fn new(model: Model) -> Self {
        Self(Arc::new(Mutex::new(model)))
    }

    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap()
    }
}

impl Bus for MockBus {
    fn is_virtual(&self) -> bool {
        true
    }

    fn list(&self, _: &[(u16, u16)]) -> Result<Vec<Device>, UsbError> {
        Ok(vec![device()])
    }

    fn open(&self, _: &Device) -> Result<Box<dyn Transport>, UsbError> {
        Ok(Box::new(self.clone()))
    }
}

impl Transport for MockBus {
    fn control_in(
        &mut self,
        setup: Setup,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, TransferError> {
        assert!(!timeout.is_zero());
        let mut model = self.model();
        let answer = match setup.request_type {
            0x80 if setup.request == 6 => {
                let [kind, index] = setup.value.to_be_bytes();
                model.descriptor(kind, index).ok_or(TransferError::Stall)?
            }
            0xA1 if setup.index == 0 => {
                model.duo.control_in(setup.request, setup.value, buffer.len()).map_err(error)?
            }
            other => panic!("unexpected bmRequestType {other:#x}"),
        };
        let length = answer.len().min(buffer.len());
        buffer[..length].copy_from_slice(&answer[..length]);
        Ok(if model.babbles && setup.request_type == 0xA1 { buffer.len() + 1 } else { length })
    }

    fn control_out(&mut self, setup: Setup, data: &[u8], timeout: Duration) -> Result<(), TransferError> {
        assert!(!timeout.is_zero());
        assert_eq!((setup.request_type, setup.index), (0x21, 0));
        self.model().duo.control_out(setup.request, setup.value, data).map_err(error)
    }

    fn claim(&mut self, interface: u8) -> Result<(), UsbError> {
        let mut model = self.model();
        model.calls.push(format!("claim {interface}"));
        model.claim.clone()
    }

    fn set_alt_setting(&mut self, interface: u8, alt: u8) -> Result<(), TransferError> {
        let mut model = self.model();
        model.calls.push(format!("alt {interface}/{alt}"));
        let is_internal = model.alts[usize::from(alt)].as_deref() == Some(INTERNAL);
        model.duo.alt = u8::from(!is_internal);
        Ok(())
    }
}

fn error(trouble: Trouble) -> TransferError {
    match trouble {
        Trouble::Stall => TransferError::Stall,
        Trouble::Timeout => TransferError::Timeout,
        Trouble::Gone => TransferError::Disconnected,
        Trouble::Noise => TransferError::Protocol("CRC".into()),
    }
}

pub fn device() -> Device {
    Device {
        path: PortPath::new(1, &[2]),
        address: 5,
        vendor_id: 0x2B04,
        product_id: 0xD058,
        bcd_device: 0x0250,
    }
}
