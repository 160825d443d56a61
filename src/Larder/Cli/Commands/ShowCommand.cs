using System.Text;
using System.Text.Json.Nodes;
using Larder.Cli.Output;
using Larder.Engine;
using Larder.Engine.Backups;
using Larder.Engine.Errors;

namespace Larder.Cli.Commands;

/// <summary>`larder show`.</summary>
internal sealed class ShowCommand
{
    public static readonly string Naming =
        "The beginning of an id, a timestamp such as 20240708_143022, or latest; JOB: may stand before it.";

    private readonly Operand name = new("BACKUP", Naming, ValueKind.Backup, 1, 1);

    public static LarderCommand Create() => new ShowCommand().Build();

    private LarderCommand Build() => new("show", "Show one backup: where it came from, what it holds, what was left out.")
    {
        Arguments = { name },
        Run = RunAsync,
        TakesRepository = true,
        Examples =
        [
            new("larder show latest", "the newest backup"),
            new("larder show journal:latest", "the newest of a job"),
            new("larder show 20240708_143022", "by its timestamp, in the job's time zone"),
        ],
        Statuses = [ExitStatus.Damage, .. CommandTree.OpensRepository],
        Json = "One object: the keys of `larder backup --json`; `warnings` (array of `path`, `reason`), also when empty; `places` (array "
            + "of `repository`, `snapshot_id` as stock restic shows it); `manifest`, the backup's manifest.json whole, or null where it "
            + "cannot be read.",
    };

    private async Task<ExitStatus> RunAsync(Call call, CancellationToken cancellationToken)
    {
        var backup = await call.Engine.Library.ResolveAsync(call.ValueOf(name)!, call.Repository, cancellationToken);
        var manifest = await ReadManifestAsync(call.Engine, backup, cancellationToken);
        if (call.IsJson)
        {
            call.Answer(Document(backup, manifest));
        }
        else
        {
            call.Print(Page(backup, manifest, call));
        }
        return ExitStatus.Done;
    }

    private async Task<Manifest?> ReadManifestAsync(EngineContext engine, Backup backup, CancellationToken cancellationToken)
    {
        try
        {
            return (await engine.Library.OpenAsync(backup, cancellationToken)).Manifest;
        }
        catch (Exception e) when (e is LarderException or Larder.Repository.RepositoryException)
        {
            return null; // What the snapshot itself says is shown all the same; why is among the warnings.
        }
    }

    private static JsonObject Document(Backup backup, Manifest? manifest)
    {
        var document = (JsonObject)JsonNode.Parse(BackupJson.Write(backup))!;
        document.Remove("warnings");
        document["warnings"] = new JsonArray(
            [.. backup.Warnings.Select(warning => (JsonNode)new JsonObject { ["path"] = warning.Path, ["reason"] = warning.Reason })]);
        document["places"] = new JsonArray(
            [.. backup.Places.Select(
                place => (JsonNode)new JsonObject { ["repository"] = place.Repository, ["snapshot_id"] = place.SnapshotId.ToString() })]);
        document["manifest"] = manifest is null ? null : JsonNode.Parse(ManifestJson.Write(manifest));
        return document;
    }

    private static string Page(Backup backup, Manifest? manifest, Call call)
    {
        var ink = call.OutInk;
        var page = new StringBuilder(BackupText.Page(backup, call.Engine.Library.ZoneOf(backup.Job), ink));
        AppendServers(page, manifest, ink);
        var entries = new Table("ENTRY", "KIND", ">ROWS", ">SIZE", ">TOOK", "FINGERPRINT");
        foreach (var (source, entry) in (manifest?.Sources ?? []).SelectMany(source => source.Entries.Select(entry => (source, entry))))
        {
            entries.Add(
                $"{source.Name}/{entry.Name}",
                entry.Kind,
                entry.Rows is { } rows ? Show.Number(rows) : "-",
                Show.Bytes(entry.Bytes),
                entry.DurationSeconds is { } took ? Show.Seconds(took) : "-",
                entry.Fingerprint);
        }
        if (entries.Rows > 0)
        {
            page.Append('\n').Append(entries.Render(ink));
        }
        if (backup.Warnings.Count > 0)
        {
            page.Append('\n').Append(ink.Yellow("Left out or doubtful:")).Append('\n');
            AppendReasons(page, backup.Warnings.Select(warning => (warning.Path, warning.Reason)));
        }
        var missing = (manifest?.Sources ?? [])
            .SelectMany(
                source => source.NotCaptured.Select(one => (one.Path.Length > 0 ? $"{source.Name}/{one.Path}" : source.Name, one.Reason)))
            .ToList();
        if (missing.Count > 0)
        {
            page.Append("\nNot captured, as a dump of this kind cannot hold it:\n");
            AppendReasons(page, missing);
        }
        return page.ToString();
    }

    private static void AppendReasons(StringBuilder page, IEnumerable<(string Path, string Reason)> reasons)
    {
        foreach (var (path, reason) in reasons)
        {
            page.Append("  ").Append(TextWidth.Plain(path.Length > 0 ? $"{path}: {reason}" : reason)).Append('\n');
        }
    }

    /// <summary>Which server each database came from, with what, and how one moment it is.</summary>
    private static void AppendServers(StringBuilder page, Manifest? manifest, Ink ink)
    {
        var servers = new Table("SOURCE", "SERVER", "DUMPED WITH", "ENCODING", "CONSISTENCY", ">SIZE", ">TOOK");
        foreach (var source in (manifest?.Sources ?? []).Where(source => source.DatabaseHost is not null))
        {
            servers.Add(
                source.Name,
                $"{source.Engine} {source.EngineVersion}".TrimEnd(),
                source.ToolVersion ?? "-",
                source.Encoding ?? "-",
                source.Consistency,
                Show.Bytes(source.SizeBytes),
                Show.Seconds(source.DurationSeconds));
        }
        if (servers.Rows > 0)
        {
            page.Append('\n').Append(servers.Render(ink));
        }
    }
}
