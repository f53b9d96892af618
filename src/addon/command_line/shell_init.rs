//! Makes the output of `shell-init`: a shell function `particle` that hands `particle duo …` to this program, and
//! everything else to particle-cli. For installations of particle-cli that are no Node modules.

use crate::addon::grammar::Shell;

/// For bash and zsh. After the word `function`, an alias of the same name is not expanded.
const POSIX: &str = r#"function particle {
  if [ "${1-}" = duo ]; then
    shift
    command duo-provision "$@"
  elif [ "${1-}" = help ] && [ "${2-}" = duo ]; then
    shift 2
    command duo-provision help "$@"
  else
    command particle "$@"
  fi
}
"#;

const FISH: &str = r#"function particle --wraps particle --description 'particle-cli, and duo-provision as particle duo'
    if test "$argv[1]" = duo
        set --erase argv[1]
        command duo-provision $argv
    else if test "$argv[1]" = help; and test "$argv[2]" = duo
        set --erase argv[1..2]
        command duo-provision help $argv
    else
        command particle $argv
    end
end
"#;

const PWSH: &str = r"function particle {
    $name, $rest = 'particle', $args
    if ($args.Count -ge 1 -and $args[0] -ceq 'duo') {
        $name, $rest = 'duo-provision', @($args | Select-Object -Skip 1)
    } elseif ($args.Count -ge 2 -and $args[0] -ceq 'help' -and $args[1] -ceq 'duo') {
        $name, $rest = 'duo-provision', (@('help') + @($args | Select-Object -Skip 2))
    }
    $program = Get-Command $name -CommandType Application, ExternalScript -ErrorAction Stop | Select-Object -First 1
    if ($MyInvocation.ExpectingInput) { $input | & $program @rest } else { & $program @rest }
}
";

/// The function, with a comment on how to keep it.
pub fn function(shell: Shell) -> String {
    let (keep, code) = match shell {
        Shell::Bash => (r#"~/.bashrc: eval "$(duo-provision shell-init bash)""#, POSIX),
        Shell::Zsh => (r#"~/.zshrc: eval "$(duo-provision shell-init zsh)""#, POSIX),
        Shell::Fish => ("~/.config/fish/config.fish: duo-provision shell-init fish | source", FISH),
        Shell::Pwsh => ("$PROFILE: duo-provision shell-init pwsh | Out-String | Invoke-Expression", PWSH),
    };
    format!(
        "# particle duo … is duo-provision; everything else goes to particle-cli.\n# To keep it, put this line into {keep}\n{code}"
    )
}
