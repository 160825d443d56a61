using Larder.Engine.Backups;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository;
using Larder.Repository.Writing;
using Larder.Sources;

namespace Larder.Engine.BackingUp;

/// <summary>Stores one source of a job and says what was stored.</summary>
internal sealed class SourceStorer(
    EngineContext context, JobSettings job, BackupTargets targets, ContentIntake intake, ChunkerSet chunkers, RunProgress progress)
{
    /// <param name="settings">Which source.</param>
    /// <param name="previous">The same source in the backup before.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SourceException">The source could not be read whole.</exception>
    public async Task<StoredSource> StoreAsync(SourceSettings settings, PreviousTree previous, CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timeout = settings.Timeout is { } limit
            ? context.Clock.CreateTimer(_ => bounded.Cancel(), null, limit, System.Threading.Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            return await StoreBoundedAsync(settings, previous, bounded.Token);
        }
        catch (SourceException e) when (new ErrorContext { Job = job.Name, Source = settings.Name }.IsNotedOn(e))
        {
            throw;
        }
        catch (OperationCanceledException e) when (bounded.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SourceException(
                SourceError.TimedOut,
                $"Source \"{settings.Name}\" of job \"{job.Name}\" took longer than its timeout of "
                + $"{DurationText.Format(settings.Timeout!.Value)}.",
                e);
        }
    }

    private async Task<StoredSource> StoreBoundedAsync(SourceSettings settings, PreviousTree previous, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        var source = await context.SourceFor(job, settings, cancellationToken);
        await using var session = await source.OpenAsync(cancellationToken);
        progress.Begin(settings.Name, session.Description.EstimatedBytes ?? 0);
        await using var store = new EntryStore(
            intake, [.. targets.Writers.Select(writer => writer.Index)], chunkers.For, previous, progress, session.ContentsAtOnce);
        await foreach (var entry in session.ReadEntriesAsync(cancellationToken))
        {
            await store.AddAsync(entry, cancellationToken);
        }
        await store.ReadContentsAsync();

        // Asked before anything is built on what came: every byte may have come from a program that then failed.
        var outcome = await session.CompleteAsync(cancellationToken);
        var tree = await store.CompleteAsync(cancellationToken);
        return new StoredSource(
            tree,
            store.Figures,
            Describe(settings, session.Description, outcome, tree, store.Figures, context.Clock.GetElapsedTime(began)));
    }

    private static ManifestSource Describe(
        SourceSettings settings,
        SourceDescription description,
        SourceOutcome outcome,
        BlobId tree,
        StoredFigures figures,
        TimeSpan duration) => new()
        {
            Name = settings.Name,
            Engine = description.Engine,
            Paths = description.Paths,
            EngineVersion = description.EngineVersion,
            ToolVersion = description.ToolVersion,
            DatabaseName = description.DatabaseName,
            DatabaseHost = description.DatabaseHost,
            Encoding = description.Encoding,
            Consistency = description.Consistency,
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            SizeBytes = figures.Bytes,
            Files = figures.Files,
            Tree = tree.ToString(),
            GitCommit = description.GitCommit,
            GitBranch = description.GitBranch,
            GitDirty = description.GitDirty,
            Warnings = [.. outcome.Warnings.Select(warning => new ManifestWarning(warning.Path, warning.Reason))],
            NotCaptured = [.. outcome.NotCaptured.Select(one => new ManifestWarning(one.Path, one.Reason))],
            Entries =
            [
                .. outcome.Entries.Select(entry => new ManifestEntry
                {
                    Name = entry.Name,
                    Kind = entry.Kind,
                    File = entry.File,
                    Rows = entry.Rows,
                    Bytes = entry.Bytes,
                    Fingerprint = entry.Fingerprint?.ToString(),
                    DurationSeconds = entry.Duration is { } took ? Math.Round(took.TotalSeconds, 3) : null,
                    Segments = entry.Bytes is { } bytes ? [new ManifestSegment(entry.File, bytes)] : [],
                }),
            ],
        };
}

/// <summary>A source that was stored: its tree, its figures, and what the manifest says of it.</summary>
internal sealed record StoredSource(BlobId Tree, StoredFigures Figures, ManifestSource Manifest);
