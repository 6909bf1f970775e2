//! The app that a command is about: by its position, or by `--app`.

use clap::{Arg, ArgGroup, ArgMatches, Args, Command, Error, FromArgMatches, error::ErrorKind};
use rollbook::AppKey;

const POSITION: &str = "key";
const OPTION: &str = "app";

/// The two of them, for usage errors and for what other options need.
pub(crate) const APP: &str = "app-key";

/// The app that a command is about.
#[derive(Debug)]
pub(crate) struct AppName(AppKey);

impl AppName {
    pub(crate) fn key(&self) -> &AppKey {
        &self.0
    }
}

/// An app, where a command can do without.
#[derive(Debug)]
pub(crate) struct AnyApp(Option<AppKey>);

impl AnyApp {
    pub(crate) fn key(&self) -> Option<&AppKey> {
        self.0.as_ref()
    }
}

fn arguments(command: Command, required: bool) -> Command {
    let key = |name| Arg::new(name).value_name("KEY").value_parser(clap::value_parser!(AppKey));
    let position = key(POSITION).help("The app");
    let option = key(OPTION).long("app").help("The app, the same as by its position");
    let group = ArgGroup::new(APP).args([POSITION, OPTION]).required(required);
    command.arg(position).arg(option).group(group)
}

fn given(matches: &ArgMatches) -> Option<AppKey> {
    [POSITION, OPTION].into_iter().find_map(|name| matches.get_one(name)).cloned()
}

impl FromArgMatches for AppName {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        given(matches).map(AppName).ok_or_else(|| Error::new(ErrorKind::MissingRequiredArgument))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for AppName {
    fn augment_args(command: Command) -> Command {
        arguments(command, true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        arguments(command, false)
    }
}

impl FromArgMatches for AnyApp {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(AnyApp(given(matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for AnyApp {
    fn augment_args(command: Command) -> Command {
        arguments(command, false)
    }

    fn augment_args_for_update(command: Command) -> Command {
        arguments(command, false)
    }
}
