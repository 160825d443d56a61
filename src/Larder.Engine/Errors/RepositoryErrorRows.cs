using Larder.Repository;

namespace Larder.Engine.Errors;

/// <summary>What goes wrong in repositories: 040 to 059.</summary>
internal static class RepositoryErrorRows
{
    public static readonly IReadOnlyList<ErrorRow> All =
    [
        new(41, RepositoryError.NoRepository, ExitStatus.NoRepository, 404,
            "There is no repository at this place: no `config` file.",
            "Check the path or bucket; a disk may not be mounted. If it is to be new, `larder init` creates it.",
            "check the place (is the disk mounted?); \"larder init\" creates a repository that is to be new."),
        new(42, RepositoryError.AlreadyExists, ExitStatus.Refused, 409,
            "A repository is there already, so none is created over it.",
            "Use it as it is, or choose another place.",
            "use it as it is, or choose another place."),
        new(43, RepositoryError.WrongPassword, ExitStatus.WrongPassword, 403,
            "No key of the repository opens with this password.",
            "Check `password`, `password_file` or `password_command` of the repository. Without the password nothing can be read, by "
            + "nobody.",
            "check password, password_file or password_command of repository \"{repository}\"."),
        new(44, RepositoryError.Unsupported, ExitStatus.Failed, 501,
            "The repository's version, or the form of one of its files, is not one that this Larder knows.",
            "Update Larder, or read the repository with the program that wrote it.",
            "update Larder, or use the program that wrote the repository."),
        new(45, RepositoryError.Locked, ExitStatus.Locked, 423,
            "Another process holds a lock on the repository that excludes this work.",
            "Wait for it. If the process named in the message is dead, `larder unlock` removes stale locks.",
            "wait for the other process; if it is dead, \"larder unlock --repository {repository}\" removes its lock."),
        new(46, RepositoryError.LockLost, ExitStatus.Failed, 500,
            "Our own lock on the repository could not be kept, so nothing more was written.",
            "The storage was not reachable for long, the machine slept, or somebody removed the lock. Run it again.",
            "run it again; the storage was out of reach for long, the machine slept, or somebody removed the lock."),
        new(50, RepositoryError.FileMissing, ExitStatus.Damage, 500,
            "A file that the repository names is not in the storage.",
            "`larder verify` names the backups that it touches. Look for the file in a mirror of the storage; or run `larder repair index` "
            + "and back up again.",
            "run \"larder verify --repository {repository}\"; affected backups are listed there."),
        new(51, RepositoryError.Damaged, ExitStatus.Damage, 500,
            "A file's bytes are not what its name, its MAC or its form say.",
            "`larder verify --level data` names every damaged file and the backups that they touch. Check the disk. Move a damaged "
            + "pack out of the repository, run `larder repair index`, and back up again: what is lost is stored anew.",
            "run \"larder verify --level data --repository {repository}\"; affected backups are listed there."),
        new(52, RepositoryError.BlobMissing, ExitStatus.Damage, 500,
            "A piece of a backup is in no pack that can be read.",
            "`larder verify` names the backups that it touches; a new backup of the same data stores the piece again.",
            "run \"larder verify --repository {repository}\"; a new backup of the same data stores the piece again."),
        new(53, RepositoryError.StorageFailed, ExitStatus.Failed, 502,
            "The storage did not do what was asked: a network error, a permission, an I/O error.",
            "Check that it can be reached and written by the user that Larder runs as; `larder doctor` tries it out.",
            "run \"larder doctor\"; it tries whether repository \"{repository}\" can be reached and written."),
        new(54, RepositoryError.StorageFull, ExitStatus.Failed, 507,
            "The storage is full. Every earlier backup is as it was.",
            "Make room: `larder cleanup --dry-run` shows what retention would free. Nothing half-written counts as a backup.",
            "make room; \"larder cleanup --dry-run\" shows what retention would free."),
        new(55, RepositoryError.ReadOnly, ExitStatus.Refused, 403,
            "The storage was opened for reading only.",
            "Use a repository that may be written.",
            "use a repository that may be written."),
        new(56, RepositoryError.NotUnique, ExitStatus.Usage, 409,
            "The beginning of an id fits no file of the repository, or several.",
            "Type more of the id, or check it.",
            "type more of the id; \"larder list\" shows the ids of backups, \"larder key list\" those of keys."),
        new(57, RepositoryError.Refused, ExitStatus.Refused, 409,
            "What was asked for would leave the repository unusable, such as removing its last key.",
            "Add what shall stay first, then repeat.",
            "add what shall stay first, such as another key, then repeat."),
    ];
}
