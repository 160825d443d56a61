using System.IO.Compression;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Errors;
using Larder.Engine.Restore;
using Larder.Engine.Servers;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;

namespace Larder.Engine.Export;

/// <summary>One export out of an opened backup.</summary>
internal sealed class ExportExecution(
    EngineContext context, ReadableBackup backup, ExportRequest request, Stream standardOutput, RunProgress progress)
{
    private readonly List<ManifestWarning> warnings = [];
    private long files;
    private long bytes;
    private long writtenBytes;

    public async Task<ExportResult> RunAsync(CancellationToken cancellationToken)
    {
        if (request.Format == ExportFormat.SqlGz)
        {
            var source = SingleDatabase();
            await (source.Engine == "sqlite" ? WriteSqliteAsync(source, cancellationToken) : WriteScriptAsync(source, cancellationToken));
            return Result();
        }
        var parts = await SelectAsync(cancellationToken);
        progress.Begin("exporting", parts.Sum(part => part.Source.Recorded?.SizeBytes ?? 0));
        switch (request.Format)
        {
            case ExportFormat.TarGz:
                await WriteToFileAsync((output, token) => WriteArchiveAsync(parts, output, token), cancellationToken);
                break;
            case ExportFormat.Native when SingleFile(parts) is { } file && !IsFolder(request.To):
                await WriteToFileAsync((output, token) => CopyFileAsync(file, output, token), cancellationToken);
                break;
            case ExportFormat.Native when request.To == ExportRequest.StandardOutput:
                throw new LarderException(
                    EngineError.UsageInvalid,
                    "Only a single file can be written to standard output as it is; name one with --only or --entry, or use --format "
                    + "tar.gz.");
            default:
                await WriteFolderAsync(parts, cancellationToken);
                break;
        }
        return Result();
    }

    private ExportResult Result() => new()
    {
        BackupId = backup.BackupId,
        To = request.To,
        Format = request.Format switch { ExportFormat.TarGz => "tar.gz", ExportFormat.SqlGz => "sql.gz", _ => "native" },
        Files = files,
        Bytes = bytes,
        WrittenBytes = writtenBytes,
        DurationSeconds = 0,
        Warnings = warnings,
    };

    private async Task<IReadOnlyList<TreeStep>> SelectAsync(CancellationToken cancellationToken)
    {
        var parts = new List<TreeStep>();
        var selection = EntrySelection.Select(backup, request.Only, request.Entry);
        foreach (var (source, entry) in selection)
        {
            var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
            if (entry is not null && source.Engine is "sqlite" or "command")
            {
                EntrySelection.SingleFile(backup, source, listing, entry);
            }
            var way = entry is null || source.Engine is "sqlite" or "command"
                ? []
                : await EntryFinder.FindAsync(backup, source, listing, entry, cancellationToken);
            var below = selection.Count > 1 ? source.Name : "";
            parts.Add(new TreeStep(source, below, way.Count == 0 ? TreeStart.Whole(listing) : TreeStart.Entry(way), way.Count == 0));
        }
        return parts;
    }

    private static bool IsFolder(string to) => to.EndsWith('/') || Directory.Exists(to);

    /// <summary>The one file that is selected: an entry, a database, a command's output; null where there are folders or several.</summary>
    private static Node? SingleFile(IReadOnlyList<TreeStep> parts) =>
        parts is [var only]
            && only.Starts[^1] is { IsFolderAlone: false, Node.Type: NodeType.File } last
            && only.Starts.SkipLast(1).All(start => start.IsFolderAlone)
            ? last.Node
            : null;

    /// <summary>The one source that is selected and can be written as SQL.</summary>
    private ReadableSource SingleDatabase()
    {
        var selected = EntrySelection.Select(backup, request.Only, null).Select(part => part.Source)
            .Where(source => source.Engine == "sqlite" || context.Dumps.ScriptOf(source.Engine) is not null).ToList();
        return selected is [var only] && (request.Only.Count <= 1)
            ? only
            : throw new LarderException(
                EngineError.UsageInvalid,
                "SQL text is written of one source that is a SQLite, PostgreSQL, MySQL or MariaDB database; name it with --only.");
    }

    private async Task WriteToFileAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var target = ExportFile.Open(request, standardOutput);
        var counted = new CountedOutput(target.Stream);
        try
        {
            if (request.Format == ExportFormat.Native)
            {
                await write(counted, cancellationToken);
            }
            else
            {
                await using var gzip = new GZipStream(counted, CompressionLevel.Fastest, leaveOpen: true);
                await write(gzip, cancellationToken);
            }
            await target.CompleteAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ExportFile.Describe(request.To == ExportRequest.StandardOutput ? "standard output" : request.To, e);
        }
        writtenBytes = counted.WrittenBytes;
    }

    private async Task WriteArchiveAsync(IReadOnlyList<TreeStep> parts, Stream output, CancellationToken cancellationToken)
    {
        foreach (var part in parts)
        {
            var archive = new PaxArchive(output, part.Root.Length == 0 ? default : new EntryPath(part.Root));
            await PumpAsync(part, archive, cancellationToken);
            Note(part, archive.Warnings);
        }
        await PaxArchive.EndArchiveAsync(output, cancellationToken);
    }

    private async Task PumpAsync(TreeStep part, INodeSink sink, CancellationToken cancellationToken)
    {
        var pump = new NodePump(backup, sink, progress);
        await pump.RunAsync(TreeStart.WalkAsync(backup, part.Starts, cancellationToken), cancellationToken);
        files += pump.Files;
        bytes += pump.Bytes;
    }

    private async Task CopyFileAsync(Node file, Stream output, CancellationToken cancellationToken)
    {
        await foreach (var blob in backup.Blobs.ReadAsync(file.Content ?? [], cancellationToken))
        {
            await output.WriteAsync(blob, cancellationToken);
            bytes += blob.Length;
            progress.Advance(blob.Length);
        }
        files++;
    }

    private async Task WriteSqliteAsync(ReadableSource source, CancellationToken cancellationToken)
    {
        progress.Begin("exporting", source.Recorded?.SizeBytes ?? 0);
        var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
        if (request.Entry is { } entry)
        {
            EntrySelection.SingleFile(backup, source, listing, entry);
        }
        var file = SingleFile([new TreeStep(source, "", TreeStart.Whole(listing), true)]) ?? throw new LarderException(
            EngineError.ManifestInvalid, $"Source \"{source.Name}\" of backup {backup.ShortId} does not hold one database.");
        await WriteToFileAsync((output, token) => WriteSqlAsync(file, output, token), cancellationToken);
    }

    /// <summary>A dump of a server: one of its databases, the only one or the one that is named.</summary>
    private async Task WriteScriptAsync(ReadableSource source, CancellationToken cancellationToken)
    {
        progress.Begin("exporting", source.Recorded?.SizeBytes ?? 0);
        var script = context.Dumps.ScriptOf(source.Engine)!;
        var dump = await StoredSourceDump.ListAsync(backup.Trees, backup.Blobs, source.Tree, cancellationToken);
        var databases = await script.ListAsync(dump, cancellationToken);
        var names = string.Join(", ", databases);
        var database = (request.Entry, databases) switch
        {
            ({ } name, _) when databases.Contains(name, StringComparer.Ordinal) => name,
            ({ } name, _) => throw new LarderException(
                EngineError.UnknownEntry, $"Source \"{source.Name}\" has no database \"{name}\"; it has {names}."),
            (null, [var only]) => only,
            _ => throw new LarderException(
                EngineError.UsageInvalid, $"SQL text is written of one database; name one of {names} with --entry."),
        };
        await WriteToFileAsync((output, token) => script.WriteAsync(dump, database, output, Count, token), cancellationToken);
        files++;

        void Count(long count)
        {
            bytes += count;
            progress.Advance(count);
        }
    }

    /// <summary>SQLite reads a file, so the database is written to a private folder first.</summary>
    private async Task WriteSqlAsync(Node file, Stream output, CancellationToken cancellationToken)
    {
        using var folder = PrivateFolder.Create();
        var path = folder["database"];
        await using (var copy = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
        {
            await CopyFileAsync(file, copy, cancellationToken);
        }
        await SqliteDump.WriteAsync(path, output, cancellationToken);
    }

    private async Task WriteFolderAsync(IReadOnlyList<TreeStep> parts, CancellationToken cancellationToken)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.To));
        if (StagingFolder.Fits(target))
        {
            using var staging = StagingFolder.Create(target);
            await WritePartsAsync(parts, staging.FullPath, cancellationToken);
            staging.Publish();
            return;
        }
        if (!Directory.Exists(target) || !request.Force)
        {
            throw new SourceException(
                SourceError.TargetExists,
                Directory.Exists(target)
                    ? $"The folder {target} is not empty; --force would fill it further."
                    : $"{target} exists and is no folder.");
        }
        await WritePartsAsync(parts, target, cancellationToken);
    }

    private async Task WritePartsAsync(IReadOnlyList<TreeStep> parts, string root, CancellationToken cancellationToken)
    {
        foreach (var part in parts)
        {
            var outcome = await TreeRestore.WriteAsync(
                backup, part, Path.Combine(root, part.Root), new FileTreeWriterOptions(), progress, cancellationToken);
            files += outcome.Files;
            bytes += outcome.Bytes;
            writtenBytes += outcome.Bytes;
            Note(part, outcome.Warnings);
        }
    }

    private void Note(TreeStep part, IEnumerable<SourceWarning> found) =>
        warnings.AddRange(found.Select(warning => new ManifestWarning($"{part.Source.Name}/{warning.Path}", warning.Reason)));
}
