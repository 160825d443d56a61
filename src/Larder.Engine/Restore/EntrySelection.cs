using System.Text;
using Larder.Engine.Browse;
using Larder.Engine.Errors;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Restore;

/// <summary>Which sources of a backup are meant, and which entry of them.</summary>
internal static class EntrySelection
{
    /// <summary>
    /// The sources of `--only`, or all. An entry belongs to one source: the only one that is selected, or the one whose name it begins
    /// with, as `larder ls` shows it. Fails with <see cref="LarderException"/>.
    /// </summary>
    public static IReadOnlyList<(ReadableSource Source, string? Entry)> Select(
        ReadableBackup backup, IReadOnlyList<string> only, string? entry)
    {
        var sources = only.Count == 0 ? backup.Sources : [.. only.Distinct(StringComparer.Ordinal).Select(backup.SourceOf)];
        if (string.IsNullOrEmpty(entry))
        {
            return [.. sources.Select(source => (source, (string?)null))];
        }
        if (sources.Count == 1)
        {
            return [(sources[0], entry)];
        }
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? entry : entry[..slash];
        return sources.FirstOrDefault(source => source.Name == first) is { } named
            ? [(named, slash < 0 || slash == entry.Length - 1 ? null : entry[(slash + 1)..])]
            : throw new LarderException(
                EngineError.UsageInvalid,
                $"\"{entry}\" could be in any of {string.Join(", ", sources.Select(source => source.Name))}; say which with --only.");
    }

    /// <summary>The one file of a database or a command's output.</summary>
    public static Node SingleFile(ReadableBackup backup, ReadableSource source, IReadOnlyList<Node> listing, string? entry)
    {
        var file = listing is [{ Type: NodeType.File } only]
            ? only
            : throw new LarderException(
                EngineError.ManifestInvalid,
                $"Source \"{source.Name}\" of backup {backup.ShortId} is not the one file that {source.Engine} stores.")
            {
                Context = backup.ErrorContext,
            };
        if (entry is null || entry == file.Name.ToQuoted() || entry == Encoding.UTF8.GetString(file.Name.Bytes))
        {
            return file;
        }
        throw (source.Recorded?.Entries ?? []).Any(one => one.Name == entry)
            ? new LarderException(
                EngineError.UsageInvalid,
                $"\"{entry}\" is a table, and this version of Larder takes a SQLite database out of a backup only as a whole; leave "
                + "--entry out.")
            : new LarderException(
                EngineError.UnknownEntry,
                $"Source \"{source.Name}\" of backup {backup.ShortId} has no \"{entry}\"; it has {file.Name.ToQuoted()}.")
            {
                Context = backup.ErrorContext,
            };
    }
}
