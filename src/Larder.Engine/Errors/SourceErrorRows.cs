using Larder.Sources;

namespace Larder.Engine.Errors;

/// <summary>What goes wrong at sources and at targets of a restore: 060 to 079.</summary>
internal static class SourceErrorRows
{
    public static readonly IReadOnlyList<ErrorRow> All =
    [
        new(60, SourceError.NotFound, ExitStatus.Failed, 404,
            "The file, folder or database to back up is not there.",
            "Check the path or the database's name in the configuration; a disk may not be mounted.",
            "check the path or the database's name of source \"{source}\"; is a disk not mounted?"),
        new(61, SourceError.PermissionDenied, ExitStatus.Failed, 403,
            "The source does not let this user in, or does not let it read what is to be backed up.",
            "Check user and password. Then grant the right to read, to the user that Larder runs as or to the database user: PostgreSQL "
            + "`GRANT pg_read_all_data TO larder` (version 14 and up; the guide says what earlier ones need), MariaDB and MySQL `GRANT "
            + "SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD ON *.* TO larder`, MongoDB the role `backup`.",
            "check user and password of source \"{source}\", then its rights: pg_read_all_data (PostgreSQL), SELECT, SHOW VIEW, TRIGGER, "
            + "EVENT (MariaDB), the role backup (MongoDB)."),
        new(62, SourceError.Unreachable, ExitStatus.Failed, 502,
            "The server or file cannot be talked to.",
            "Check host, port and whether the server runs; `larder doctor` tries every source.",
            "run \"larder doctor\"; it tries every source."),
        new(63, SourceError.Damaged, ExitStatus.Failed, 500,
            "The source is damaged by its own check, such as SQLite's `PRAGMA integrity_check`. No backup was made of it; earlier ones "
            + "stay.",
            "Do not remove earlier backups. Find out what is damaged with the engine's own tools; the latest good backup is what to "
            + "restore.",
            "keep the earlier backups; \"larder list {job}\" shows the latest good one."),
        new(64, SourceError.ToolMissing, ExitStatus.Failed, 501,
            "A program that is needed is not installed, or not in a version that fits the server.",
            "Install the package that the message names. A server newer than every installed client needs the client of its own version "
            + "(`postgresql-client-17`, from PostgreSQL's own packages where Debian has none).",
            "install the package that the message names; \"larder doctor\" checks the rest."),
        new(65, SourceError.ToolFailed, ExitStatus.Failed, 502,
            "A program ended with a bad exit status or was killed. Even when bytes came, the backup failed.",
            "The message quotes what the program said. Run it by hand as the user that Larder runs as.",
            "run the program by hand as the user that Larder runs as; the message quotes what it said."),
        new(66, SourceError.TimedOut, ExitStatus.Failed, 504,
            "The source took longer than its time-out.",
            "Raise `timeout` of the job, or find out what holds the source up.",
            "raise \"timeout\" of job \"{job}\", or find out what holds the source up."),
        new(67, SourceError.EntryVanished, ExitStatus.Partial, 200,
            "An entry was gone when its turn came. It was left out.",
            "Exclude what comes and goes, or back up while the source is quiet.",
            "exclude what comes and goes; \"larder show {backup}\" lists what was left out."),
        new(68, SourceError.EntryUnreadable, ExitStatus.Partial, 200,
            "An entry could not be read to its end. It was left out.",
            "Check its permissions and the disk, or exclude it.",
            "check its permissions and the disk, or exclude it; \"larder show {backup}\" lists what was left out."),
        new(69, SourceError.TargetBusy, ExitStatus.Refused, 409,
            "The target of the restore is in use and cannot be replaced safely. It was not touched.",
            "Stop what uses it, or configure `service:` so that Larder does; or restore to another `--target`.",
            "stop what uses it, or restore to another --target."),
        new(70, SourceError.TargetExists, ExitStatus.Refused, 409,
            "The target of the restore exists and is not what may be replaced. It was not touched.",
            "Choose another `--target`, or move it away.",
            "choose another --target, or move what is there away."),
        new(71, SourceError.TargetFailed, ExitStatus.Failed, 500,
            "The target could not be written. What stood there before is as it was.",
            "Check its permissions and its disk.",
            "check the permissions and the disk of the target."),
        new(72, SourceError.TargetFull, ExitStatus.Failed, 507,
            "The target's file system is full. What stood there before is as it was.",
            "A restore is written beside the live data before the swap, so it needs room for both.",
            "make room: a restore is written beside the live data, so it needs room for both."),
        new(73, SourceError.Mismatch, ExitStatus.Damage, 500,
            "What was restored is not what the manifest says.",
            "Do not use what was restored. `larder verify --level data` tells whether the repository is damaged; try the backup before.",
            "do not use what was restored; run \"larder verify {backup} --level data\"."),
    ];
}
