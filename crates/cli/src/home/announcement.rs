//! What a process that is ready tells others: its addresses, and the kubeconfig.

use super::directory::{DataDir, DirectoryError};

const ADDRESSES: &str = "addresses.json";
const KUBECONFIG: &str = "kubeconfig";

/// The files for which whoever waits for a process waits. Dropping this takes them back: then nobody is there any more.
#[derive(Debug)]
pub(crate) struct Announcement<'a> {
    home: &'a DataDir,
}

impl<'a> Announcement<'a> {
    /// Nothing is announced yet.
    pub(crate) fn new(home: &'a DataDir) -> Self {
        Self { home }
    }

    /// Tells everything: the kubeconfig last.
    pub(crate) fn make(&self, addresses: &str, kubeconfig: &str) -> Result<(), DirectoryError> {
        self.home.write(ADDRESSES, addresses)?;
        self.home.write(KUBECONFIG, kubeconfig)
    }

    /// Takes everything back, also what a run that was killed had announced.
    pub(crate) fn withdraw(home: &DataDir) -> Result<(), DirectoryError> {
        home.remove(KUBECONFIG)?;
        home.remove(ADDRESSES)
    }
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        if let Err(error) = Self::withdraw(self.home) {
            let error = keydesk_process::chain(&error);
            tracing::warn!(%error, "what was announced stays although nobody is there");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_announced_is_taken_back_in_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let home = DataDir::open(directory.path()).unwrap();
        let announcement = Announcement::new(&home);
        announcement.make("{}", "{}").unwrap();
        assert!(home.path(KUBECONFIG).exists() && home.path(ADDRESSES).exists());
        drop(announcement);
        assert!(!home.path(KUBECONFIG).exists() && !home.path(ADDRESSES).exists());
    }
}
