//! Which account runs Postgres, and whether it can reach a folder: Postgres refuses to run as root.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use super::Error;

/// The account that Postgres gets when this process is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// None where this process is not root and Postgres simply runs as its user. A cluster that is there already
    /// keeps its owner, since Postgres accepts no other.
    pub(super) fn for_cluster(data: &Path) -> Result<Option<Self>, Error> {
        let own = current_uid()?;
        let owner = fs::symlink_metadata(data).ok().map(|meta| (meta.uid(), meta.gid()));
        match owner {
            Some((uid, _)) if own != 0 && uid != own => Err(Error::ForeignCluster { dir: data.to_owned(), uid }),
            _ if own != 0 => Ok(None),
            Some((uid, gid)) if uid != 0 => Ok(Some(Self { name: format!("with the id {uid}"), uid, gid })),
            _ => {
                let passwd = fs::read_to_string("/etc/passwd").map_err(Error::io("cannot read /etc/passwd"))?;
                let found = ["postgres", "nobody"].iter().find_map(|name| find(&passwd, name));
                found.map(Some).ok_or(Error::NoUser)
            }
        }
    }

    /// Whether this account can enter the folder; asked of the system itself, which also knows of ACLs.
    pub(super) fn can_enter(&self, dir: &Path) -> bool {
        let mut command = Command::new("/bin/sh");
        // The change of folder comes after the change of user, so that the system judges it by the new one.
        command.args(["-c", ":"]).uid(self.uid).gid(self.gid).current_dir(dir);
        command.env_clear().status().is_ok_and(|status| status.success())
    }

    pub(super) fn ids(&self) -> (u32, u32) {
        (self.uid, self.gid)
    }
}

/// Gives a folder or file to the account, where there is one.
pub(super) fn give_to(account: Option<&Account>, path: &Path) -> Result<(), Error> {
    let Some(account) = account else { return Ok(()) };
    chown(path, Some(account.uid), Some(account.gid)).map_err(Error::io(format!(
        "cannot give {} to user {}",
        path.display(),
        account.name
    )))
}

/// Refuses a folder that somebody else could have put there, as is possible in the temp folder.
pub(super) fn check_private(account: Option<&Account>, dir: &Path) -> Result<(), Error> {
    let own = current_uid()?;
    let check = || {
        let meta = fs::symlink_metadata(dir)?;
        let ours = meta.uid() == own || account.is_some_and(|account| meta.uid() == account.uid);
        if !ours || !meta.is_dir() || meta.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other("it is not a private folder of the user that runs PostgreSQL"));
        }
        Ok(())
    };
    check().map_err(Error::io(format!("cannot use {}", dir.display())))
}

/// The mode of a data folder: as root, the account of Postgres must be able to pass through.
pub(super) fn folder_mode() -> Result<u32, Error> {
    Ok(if current_uid()? == 0 { 0o711 } else { 0o700 })
}

/// The effective user of this process, which std has no call for.
fn current_uid() -> Result<u32, Error> {
    #[cfg(target_os = "linux")]
    {
        let meta = fs::metadata("/proc/self").map_err(Error::io("cannot read /proc/self"))?;
        Ok(meta.uid())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let output = Command::new("id").arg("-u").output().map_err(Error::io("cannot run id"))?;
        String::from_utf8_lossy(&output.stdout).trim().parse().map_err(|_| Error::Io {
            what: "cannot read the answer of id".into(),
            source: io::ErrorKind::InvalidData.into(),
        })
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let (_password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_an_account_by_its_whole_name() {
        let passwd = "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:101:104:PG,,,:/var:/bin/sh\n";
        let found = find(passwd, "postgres").expect("an account");
        assert_eq!(found.ids(), (101, 104));
        assert_eq!(find(passwd, "nobody"), None);
    }
}
