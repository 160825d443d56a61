using System.Security.Cryptography;
using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Restore;
using Larder.Repository;
using Larder.Repository.Index;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Sources.Throwaway;

namespace Larder.Engine.Drills;

/// <summary>
/// Restores files, a SQLite database or a command's output into a folder, and reads everything back from there: each file piece by piece
/// against the hashes that it was stored by, and a database row by row against its manifest.
/// </summary>
internal sealed class TreeDrill(
    EngineContext context, ReadableBackup backup, DrillSettings settings, DrillTally tally, RunProgress progress)
{
    private const int DifferentFilesMax = 100;

    private readonly byte[] buffer = new byte[1 << 16];

    /// <summary>What is wrong goes to the tally. Thrown is what makes the drill impossible.</summary>
    public async Task RunAsync(ReadableSource source, CancellationToken cancellationToken)
    {
        var folder = await tally.TimeAsync(
            source.Name, "start", () => ThrowawayFolder.CreateAsync(DrillPlace.Of(settings, source), cancellationToken));
        tally.Sources.Add(new DrilledSource(source.Name, source.Engine, "a folder", source.Recorded?.EngineVersion));
        try
        {
            var root = Directory.CreateDirectory(Path.Combine(folder.FullPath, "restored")).FullName;
            var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
            var starts = TreeStart.Whole(listing);
            await tally.TimeAsync(source.Name, DrillTally.Restoring, () => RestoreAsync(source, starts, root, cancellationToken));
            progress.Phase = $"comparing {source.Name}";
            await tally.TimeAsync(source.Name, DrillTally.Comparing, () => CompareAsync(source, starts, root, cancellationToken));
            var path = source.Engine == "files" ? root : FileOf(root, listing);
            await tally.TimeAsync(source.Name, "assertions", () => new DrillAssertions(context, settings, tally)
                .AskFilesAsync(source, path, cancellationToken));
        }
        finally
        {
            await tally.TimeAsync(source.Name, "tear_down", async () => await folder.DisposeAsync());
        }
    }

    private async Task RestoreAsync(
        ReadableSource source, IReadOnlyList<TreeStart> starts, string root, CancellationToken cancellationToken)
    {
        progress.Phase = $"restoring {source.Name}";
        var step = new TreeStep(source, root, starts, IsWholeListing: true);
        var outcome = await TreeRestore.WriteAsync(backup, step, root, new FileTreeWriterOptions(), progress, cancellationToken);
        tally.AddWarnings(source.Name, outcome.Warnings);
    }

    private async Task CompareAsync(
        ReadableSource source, IReadOnlyList<TreeStart> starts, string root, CancellationToken cancellationToken)
    {
        var files = await CompareFilesAsync(source, starts, root, cancellationToken);
        var entries = source.Engine == "sqlite"
            ? [.. files.Where(file => !file.Match), .. await CompareDatabaseAsync(source, root, cancellationToken)]
            : files;
        tally.AddEntries(source.Name, entries);
    }

    private async Task<IReadOnlyList<DrilledEntry>> CompareFilesAsync(
        ReadableSource source, IReadOnlyList<TreeStart> starts, string root, CancellationToken cancellationToken)
    {
        var index = await backup.Repository.LoadIndexAsync(cancellationToken);
        var different = new List<DrilledEntry>();
        var (files, bytes) = (0L, 0L);
        await foreach (var placed in TreeStart.WalkAsync(backup, starts, cancellationToken))
        {
            var difference = placed.Node.Type == NodeType.File
                ? await FindDifferenceAsync(index, root, placed, cancellationToken)
                : RestoredFile.Find(root, placed.Path) is null && placed.Node.Type is NodeType.Directory or NodeType.Symlink
                    ? $"\"{placed.Path}\" is missing"
                    : null;
            if (placed.Node.Type == NodeType.File)
            {
                files++;
                bytes += (long)placed.Node.SizeBytes;
            }
            if (difference is not null && different.Count < DifferentFilesMax)
            {
                different.Add(new DrilledEntry(source.Name, placed.Path.ToString(), "file", null, null, Match: false, null, difference));
            }
        }
        var whole = FindDifference(source, files, bytes);
        var name = source.Recorded?.Entries is [var only] && source.Engine != "sqlite" ? only.Name : source.Name;
        return
        [
            new DrilledEntry(
                source.Name, name, source.Engine == "files" ? "files" : "file", files, source.Recorded?.Files,
                whole is null && different.Count == 0, null,
                whole ?? (different.Count > 0 ? $"{different.Count} of its files are not as they were stored" : null)),
            .. different,
        ];
    }

    private static string? FindDifference(ReadableSource source, long files, long bytes) => source.Recorded switch
    {
        { Tree: { } tree } when tree != source.Tree.ToString() => $"source \"{source.Name}\" is not the tree that the manifest recorded",
        { Files: var count } when count != files => $"source \"{source.Name}\" has {files} files, and the manifest recorded {count}",
        { SizeBytes: var size } when size != bytes => $"source \"{source.Name}\" has {bytes} bytes, and the manifest recorded {size}",
        _ => null,
    };

    /// <summary>The pieces of a stored file are named by their hashes, so the file that stands there can be held against them.</summary>
    private async Task<string?> FindDifferenceAsync(
        MasterIndex index, string root, PlacedNode placed, CancellationToken cancellationToken)
    {
        if (RestoredFile.Find(root, placed.Path) != EntryType.File || RestoredFile.TryOpen(root, placed.Path) is not { } file)
        {
            return $"the file \"{placed.Path}\" is missing";
        }
        await using (file)
        {
            foreach (var id in placed.Node.Content ?? [])
            {
                if (!index.TryFind(BlobKind.Data, id, out var blob)
                    || await HashAsync(file, blob.PlainBytes, cancellationToken) != id.ToString())
                {
                    return $"the file \"{placed.Path}\" has other content than was stored";
                }
            }
            return file.Position == file.Length ? null : $"the file \"{placed.Path}\" is longer than was stored";
        }
    }

    private async Task<string> HashAsync(FileStream file, long bytes, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var rest = bytes; rest > 0;)
        {
            var count = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(rest, buffer.Length)), cancellationToken);
            if (count == 0)
            {
                break;
            }
            hash.AppendData(buffer, 0, count);
            rest -= count;
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private async Task<IReadOnlyList<DrilledEntry>> CompareDatabaseAsync(
        ReadableSource source, string root, CancellationToken cancellationToken)
    {
        var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
        try
        {
            var found = await SqliteCheck.InspectAsync(FileOf(root, listing), cancellationToken);
            return EntryComparison.Compare(source.Name, source.Recorded?.Entries ?? [], found);
        }
        catch (SourceException e) when (e.Error is SourceError.Damaged or SourceError.NotFound)
        {
            return
            [
                new DrilledEntry(
                    source.Name,
                    source.Name,
                    "database",
                    null,
                    null,
                    Match: false,
                    null,
                    $"the database is not sound: {e.Message.TrimEnd('.')}"),
            ];
        }
    }

    private static string FileOf(string root, IReadOnlyList<Node> listing) => listing.Count == 0
        ? root // Which is no database, as the comparison will say.
        : Path.Combine(root, System.Text.Encoding.UTF8.GetString(listing[0].Name.Bytes));
}
