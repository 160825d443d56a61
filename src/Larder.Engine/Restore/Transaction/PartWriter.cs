using Larder.Engine.BackingUp;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Sources;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;
using Larder.Sources.Tools;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Writes the parts of a restore, beside their targets or over them, and compares each with the backup.</summary>
internal sealed class PartWriter(RestorePlan plan, ReadableBackup backup, RunProgress progress)
{
    private readonly List<RestoredEntry> entries = [];
    private readonly List<ManifestWarning> warnings = [];

    public IReadOnlyList<RestoredEntry> Entries => entries;

    /// <summary>What is not as it was.</summary>
    public IReadOnlyList<ManifestWarning> Warnings => warnings;

    public long Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Whether all that could be compared with the backup was compared.</summary>
    public bool IsVerified { get; private set; } = true;

    /// <summary>
    /// Writes one part. It is whole, compared with the backup and on disk when this completes. Fails with <see cref="SourceException"/>
    /// for the target and <see cref="Repository.RepositoryException"/> for the repository.
    /// </summary>
    public async Task WriteAsync(RestoreStep step, CancellationToken cancellationToken)
    {
        progress.Phase = $"restoring {step.Source.Name}";
        try
        {
            await (step switch
            {
                FileStep file => WriteFileAsync(file, cancellationToken),
                TreeStep tree => WriteTreeAsync(tree, cancellationToken),
                ServerStep server => WriteServerAsync(server, cancellationToken),
                _ => throw new InvalidOperationException($"Nothing writes a {step.GetType().Name}."),
            });
        }
        catch (SourceException e) when ((backup.ErrorContext with { Source = step.Source.Name }).IsNotedOn(e))
        {
            throw;
        }
    }

    private async Task WriteFileAsync(FileStep step, CancellationToken cancellationToken)
    {
        if (step.Overwrites)
        {
            await OverwriteAsync(step, cancellationToken);
            return;
        }
        var target = step.Exchange?.Parts[0].Beside ?? step.Nested!.Map(LivePath.Resolve(step.Target));
        await WriteCopyAsync(step, target, cancellationToken);
        switch (step.Exchange)
        {
            case { Engine: "sqlite" } exchange:
                new SqliteExchange(exchange, ExchangeFactory.BusyTimeout, plan.Context.Clock).MarkWhole();
                break;
            case { } exchange:
                new TreeExchange(exchange).MarkWhole();
                break;
            case null when step.IsDatabase:
                // The live one's, that were carried over with the folder: to this database they would be poison.
                Companions.Of(target).ToList().ForEach(File.Delete);
                break;
        }
    }

    private async Task WriteCopyAsync(FileStep step, string target, CancellationToken cancellationToken)
    {
        using (var copy = RestoredCopy.Begin(target, NodeMapping.ToAttributes(step.File), (long)step.File.SizeBytes))
        {
            var written = 0L;
            await foreach (var blob in backup.Blobs.ReadAsync(step.File.Content ?? [], cancellationToken))
            {
                await copy.WriteAsync(blob);
                written += blob.Length;
                progress.Advance(blob.Length);
            }
            Confirm(step, written);
            await copy.CompleteAsync(cancellationToken);
            Note(step, copy.Warnings);
            Files++;
            Bytes += written;
        }
        if (step.IsDatabase)
        {
            SqliteFacts.Compare(step.Recorded, await SqliteCheck.InspectAsync(target, cancellationToken), step.Target);
            IsVerified &= step.Recorded.Any(facts => facts.Fingerprint is not null);
        }
    }

    /// <summary>By a copy that is compared before anything live is touched, in a folder that only its owner can enter.</summary>
    private async Task OverwriteAsync(FileStep step, CancellationToken cancellationToken)
    {
        using var folder = PrivateFolder.Create();
        var copy = folder["copy"];
        await WriteCopyAsync(step, copy, cancellationToken);
        if (step.IsDatabase)
        {
            await SqliteOverwrite.WriteAsync(
                copy, LivePath.Resolve(step.Target), ExchangeFactory.BusyTimeout, plan.Context.Clock, cancellationToken);
        }
        else
        {
            await DurableFile.OverwriteAsync(copy, step.Target, cancellationToken);
        }
    }

    private static void Confirm(FileStep step, long written)
    {
        var recorded = step.IsDatabase ? null : step.Recorded.Select(facts => facts.Bytes).FirstOrDefault(count => count is not null);
        var expected = recorded ?? (long)step.File.SizeBytes;
        if (written != expected)
        {
            throw new SourceException(
                SourceError.Mismatch, $"What was restored for {step.Target} has {written} bytes, and the backup recorded {expected}.");
        }
    }

    private async Task WriteTreeAsync(TreeStep step, CancellationToken cancellationToken)
    {
        var (root, starts) = step switch
        {
            { Exchange: { } exchange } => TreePlaces.Beside(step, exchange),
            { Nested: { } nested } => (nested.Map(step.Root), step.Starts),
            _ => (step.Root, step.Starts),
        };
        var beside = step with { Root = root, Starts = starts };
        var outcome = await TreeRestore.WriteAsync(backup, beside, root, new FileTreeWriterOptions(), progress, cancellationToken);
        Files += outcome.Files;
        Bytes += outcome.Bytes;
        IsVerified &= outcome.IsAsListed;
        Note(step, outcome.Warnings);
        foreach (var part in step.Exchange?.Parts ?? [])
        {
            if (part is { Kind: "folder", Old: not null })
            {
                Note(step, (await TreeExchange.CarryOverAsync(part.Live, part.Beside, cancellationToken)).Warnings);
                if (step.IsWholeListing)
                {
                    Note(step, FolderAttributes.Copy(part.Live, part.Beside)); // The backup has what is in it, not the folder itself.
                }
            }
        }
        if (step.Exchange is { } whole)
        {
            new TreeExchange(whole).MarkWhole();
        }
    }

    private async Task WriteServerAsync(ServerStep step, CancellationToken cancellationToken)
    {
        var restored = await ServerRestore.ExecuteAsync(backup, step, progress, cancellationToken);
        entries.AddRange(restored.Entries);
        IsVerified &= restored.IsVerified;
        Bytes += step.Plan.Bytes;
        Note(step, restored.Warnings);
    }

    private void Note(RestoreStep step, IEnumerable<SourceWarning> found) => warnings.AddRange(found.Select(warning =>
        new ManifestWarning(warning.Path.Length == 0 ? step.Source.Name : $"{step.Source.Name}/{warning.Path}", warning.Reason)));
}
