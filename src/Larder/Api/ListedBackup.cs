using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Engine.Backups;

namespace Larder.Api;

/// <summary>A backup with the text that it is shown as.</summary>
/// <param name="Backup">What it is.</param>
/// <param name="Json">What `larder list --json` prints of it, and the keys by which other systems' pages know a backup.</param>
internal sealed partial record ListedBackup(Backup Backup, string Json)
{
    public static ListedBackup Of(Backup backup) => new(backup, ApiJson.Write(Document(backup)));

    public static JsonObject Document(Backup backup)
    {
        var document = (JsonObject)JsonNode.Parse(BackupJson.Write(backup))!;
        document["filename"] = FileNameOf(backup);
        document["backup_date"] = backup.CreatedAt.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        document["backup_timestamp"] = PlainTime(backup.CreatedAt);
        document["collections_count"] = backup.Sources.Sum(source => source.CountedEntries);
        var database = DatabaseOf(backup);
        document["database_name"] = database?.DatabaseName;
        document["database_host"] = database?.DatabaseHost;
        return document;
    }

    /// <summary>The name that a backup has in systems where it is a file: <c>journal_backup_20241108_120000.sql.gz</c>.</summary>
    public static string FileNameOf(Backup backup)
    {
        var isDump = backup.Sources.Count > 0 && backup.Sources.All(source => source.Engine is not ("files" or "command"));
        return $"{backup.Job}_backup_{backup.Timestamp}.{(isDump ? "sql" : "tar")}.gz";
    }

    /// <summary>What a name in an address means to the engine: a file's name is a job and a timestamp, all else stays.</summary>
    public static string NameIn(string text) =>
        FileNameForm().Match(text) is { Success: true } match ? $"{match.Groups["job"].Value}:{match.Groups["timestamp"].Value}" : text;

    /// <summary>A moment as those systems write it: in the job's time, without saying so.</summary>
    public static string PlainTime(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    public static BackupSource? DatabaseOf(Backup backup) => backup.Sources.FirstOrDefault(source => source.DatabaseName is not null)
        ?? backup.Sources.FirstOrDefault(source => source.Engine is not ("files" or "command"));

    [GeneratedRegex(
        @"\A(?<job>[A-Za-z0-9][A-Za-z0-9_.-]*)_backup_(?<timestamp>[0-9]{8}_[0-9]{6})(\.(sql|tar)\.gz)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileNameForm();
}
