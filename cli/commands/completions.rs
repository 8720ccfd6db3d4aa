//! `cartwheel completions SHELL`.

use clap::{Arg, Args, Command, CommandFactory, ValueHint};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output;

/// Print completions for a shell, as in `source <(cartwheel completions bash)`
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<(), Failure> {
        output::raw(&script(self.shell))
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    let mut command = without_needless_files(Arguments::command());
    clap_complete::generate(shell, &mut command, "cartwheel", &mut script);
    script
}

/// Shells offer files for what they know nothing of: here it is keys, numbers, addresses.
fn without_needless_files(command: Command) -> Command {
    command
        .mut_args(
            |arg| match is_path(&arg) || !arg.get_action().takes_values() {
                true => arg,
                false => arg.value_hint(ValueHint::Other),
            },
        )
        .mut_subcommands(without_needless_files)
}

fn is_path(arg: &Arg) -> bool {
    arg.get_value_hint() != ValueHint::Unknown
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    fn all_commands(command: &Command) -> Vec<&Command> {
        let below = command.get_subcommands().flat_map(all_commands);
        [command].into_iter().chain(below).collect()
    }

    #[test]
    fn every_shell_has_a_script_that_names_every_command() {
        let command = Arguments::command();
        for shell in Shell::value_variants() {
            let script = String::from_utf8(script(*shell)).unwrap();
            for below in all_commands(&command) {
                let name = below.get_name();
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }

    /// Zsh's scripts take them as they are: a quote ends its text there, a colon its field.
    #[test]
    fn no_name_of_a_value_and_no_help_of_a_choice_breaks_the_script_of_zsh() {
        let command = Arguments::command();
        for below in all_commands(&command) {
            for arg in below.get_arguments() {
                let names = arg.get_value_names().unwrap_or_default();
                assert!(names.iter().all(|name| !name.contains(':')), "{arg}");
                for choice in arg.get_possible_values() {
                    let help = choice.get_help().unwrap_or_default().to_string();
                    assert!(!help.contains('"'), "{arg}: {help}");
                }
            }
        }
    }

    #[test]
    fn files_are_offered_for_paths_and_for_nothing_else() {
        let script = String::from_utf8(script(Shell::Zsh)).unwrap();
        for path in [
            "--resume=[Keep in this file how far the import is, and go on from there if it says so]:FILE:_files'",
            "--data=[Where everything lies]:DIR:_files -/'",
            ":path -- A directory, a file of JSON lines, or `-` for JSON lines on standard input:_files'",
            ":file -- The file:_files'",
        ] {
            assert!(script.contains(path), "{path}");
        }
        assert!(!script.contains("_default"), "a value of no kind");
    }
}
