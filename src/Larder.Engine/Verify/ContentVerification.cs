using Larder.Engine.Backups;
using Larder.Engine.Maintenance;
using Larder.Engine.Servers;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.Verify;

/// <summary>
/// Reads one backup as a restore would and holds it against its manifest: every source, every file to its end, every database opened and
/// counted. It finds what checksums cannot: that the right bytes were never stored.
/// </summary>
internal sealed class ContentVerification(OpenBackup open, DumpEngines dumps, VerifyTally tally, RunProgress progress)
{
    // Whoever lost everything need not read it line by line.
    private const int FindingsOfSourceMax = 20;

    private string Repository => open.Place.Repository;

    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        progress.Begin($"reading backup {open.Backup.ShortId} in {Repository}", open.Manifest.SizeBytes);
        tally.Counts = tally.Counts with { Contents = tally.Counts.Contents + 1 };
        await FindUnlistedSourcesAsync(cancellationToken);
        foreach (var source in open.Manifest.Sources)
        {
            try
            {
                await VerifySourceAsync(source, cancellationToken);
            }
            catch (Exception e) when (RepositoryFailure.Is(e) || e is SourceException)
            {
                tally.Add(Repository, e, source.Name, VerifyTally.Affected(open.Backup));
            }
        }
    }

    private async Task FindUnlistedSourcesAsync(CancellationToken cancellationToken)
    {
        var root = await open.Trees.LoadAsync(open.Snapshot.Tree, cancellationToken);
        foreach (var job in root.Nodes.Where(node => node.Subtree is not null).Take(1))
        {
            foreach (var node in (await open.Trees.LoadAsync(job.Subtree!.Value, cancellationToken)).Nodes)
            {
                if (node.Type == NodeType.Directory && open.Manifest.Sources.All(source => new NodeName(source.Name) != node.Name))
                {
                    Differs(node.Name.ToString(), $"The folder \"{node.Name}\" is in the backup and not in its manifest.");
                }
            }
        }
    }

    private async Task VerifySourceAsync(ManifestSource source, CancellationToken cancellationToken)
    {
        var tree = open.TreeOf(source.Name);
        if (source.Tree is { } recorded && recorded != tree.ToString())
        {
            Differs(
                source.Name,
                $"Source \"{source.Name}\" holds the tree {tree.ToString()[..8]}, and the manifest recorded "
                + $"{recorded[..Math.Min(8, recorded.Length)]}.");
        }

        var found = await ReadFilesAsync(source, tree, cancellationToken);
        CompareTotals(source, found);
        foreach (var entry in source.Entries)
        {
            CompareEntry(source, entry, found);
        }
        if (source.Engine == "sqlite")
        {
            await new DatabaseVerification(open, source, tally).ExecuteAsync(found, cancellationToken);
        }
        else if (dumps.CheckOf(source.Engine) is { } check && !found.HasProblems)
        {
            await new DumpVerification(open, source, check, tally, progress).ExecuteAsync(cancellationToken);
        }
        else if (DumpEngines.IsServer(source.Engine) && !found.HasProblems)
        {
            tally.Hint(
                $"The rows of source \"{source.Name}\" of backup {open.Backup.ShortId} were not counted: this program reads no dumps of "
                + $"{source.Engine}.");
        }
    }

    /// <summary>Reads every file to its end.</summary>
    /// <returns>The files of the source; those that could not be read are among the findings.</returns>
    private async Task<ContentFiles> ReadFilesAsync(ManifestSource source, BlobId tree, CancellationToken cancellationToken)
    {
        var files = new ContentFiles();
        var reader = new ContentReader(open.Blobs, progress.Advance);
        var findings = 0;
        await foreach (var file in reader.ReadAsync(open.Trees.WalkAsync(tree, cancellationToken), cancellationToken))
        {
            files.Add(file);
            var path = $"{source.Name}/{file.Path}";
            if (file.Problem is not null && ++findings <= FindingsOfSourceMax)
            {
                tally.Add(Repository, file.Problem, path, VerifyTally.Affected(open.Backup));
            }
            else if (file.Problem is null && file.ReadBytes != file.ListedBytes && ++findings <= FindingsOfSourceMax)
            {
                Differs(path, $"The file \"{path}\" has {file.ReadBytes} bytes, and its folder lists {file.ListedBytes}.");
            }
            tally.Counts =
                tally.Counts with { Entries = tally.Counts.Entries + 1, ContentBytes = tally.Counts.ContentBytes + file.ReadBytes };
        }
        if (findings > FindingsOfSourceMax)
        {
            Differs(
                source.Name,
                $"Source \"{source.Name}\" has {findings - FindingsOfSourceMax} more files that cannot be read or have another length.");
        }
        return files;
    }

    private void CompareTotals(ManifestSource source, ContentFiles found)
    {
        if (found.Count != source.Files)
        {
            Differs(source.Name, $"Source \"{source.Name}\" has {found.Count} files, and the manifest recorded {source.Files}.");
        }
        if (found.Bytes != source.SizeBytes)
        {
            Differs(source.Name, $"Source \"{source.Name}\" has {found.Bytes} bytes, and the manifest recorded {source.SizeBytes}.");
        }
    }

    private void CompareEntry(ManifestSource source, ManifestEntry entry, ContentFiles found)
    {
        IReadOnlyList<ManifestSegment> segments = entry.Segments.Count > 0
            ? entry.Segments
            : [new ManifestSegment(entry.File, entry.Bytes ?? -1)];
        foreach (var segment in segments)
        {
            var path = $"{source.Name}/{segment.File}";
            if (found.Find(segment.File) is not { } file)
            {
                Differs(
                    path, $"The {entry.Kind} \"{entry.Name}\" is recorded in the manifest, and its file \"{path}\" is not in the backup.");
            }
            else if (segment.Bytes >= 0 && file.ListedBytes != segment.Bytes)
            {
                Differs(
                    path,
                    $"The {entry.Kind} \"{entry.Name}\" has {file.ListedBytes} bytes in \"{path}\", and the manifest recorded "
                    + $"{segment.Bytes}.");
            }
        }
    }

    private void Differs(string file, string message) => tally.Differs(Repository, open.Backup, file, message);
}
