using System.Security.Cryptography;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Catalog;
using Larder.Engine.Cleanup;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;
using Larder.Engine.Restore;
using Larder.Engine.Servers;
using Larder.Repository;
using Larder.Repository.Snapshots;
using Larder.Sources;

namespace Larder.Engine.Drills;

/// <summary>The drill of one backup: restored under a shared lock, judged, signed, and its verdict noted on the backup.</summary>
internal sealed class BackupDrill(EngineContext context, DrillRequest request, RunProgress progress)
{
    /// <summary>
    /// What is wrong with the backup, and what made the drill impossible, is in the report. Thrown is an interruption, and a name that
    /// means nothing.
    /// </summary>
    public async Task<FinishedDrill> RunAsync(string name, RunJournal journal, CancellationToken cancellationToken)
    {
        var startedAt = context.Clock.GetUtcNow();
        var backup = await ReadableBackup.OpenAsync(context, name, request.Repository, cancellationToken);
        if (backup.Backup is not { } known || backup.Manifest is null)
        {
            throw new LarderException(
                EngineError.DrillImpossible, $"Snapshot {backup.ShortId} is not Larder's: nothing recorded what it should hold.");
        }
        var chosen = request.Only.Count == 0 ? backup.Sources : [.. request.Only.Distinct(StringComparer.Ordinal).Select(backup.SourceOf)];
        var settings = context.Configuration.Jobs.GetValueOrDefault(known.Job)?.Drill ?? new DrillSettings();
        var tally = new DrillTally(context.Clock, backup.ErrorContext);
        progress.Begin($"drilling backup {backup.ShortId}", chosen.Sum(source => source.Recorded?.SizeBytes ?? 0));
        NoteWhatIsPassedOver(known, backup, settings, chosen, tally);

        var manifest = await HeldReading.RunAsync(
            backup,
            context,
            async (held, token) =>
            {
                var hash = await HashManifestAsync(held, token);
                foreach (var source in chosen)
                {
                    await DrillAsync(held, held.SourceOf(source.Name), settings, tally, token);
                }
                return hash;
            },
            cancellationToken);

        var report = new DrillReport
        {
            RunId = journal.RunId,
            Job = known.Job,
            BackupId = known.BackupId,
            Timestamp = known.Timestamp,
            Repository = backup.Place.Repository,
            ManifestSha256 = manifest,
            StartedAt = startedAt,
            FinishedAt = context.Clock.GetUtcNow(),
            RtoSeconds = tally.RtoSeconds,
            Sources = tally.Sources,
            Steps = tally.Steps,
            Entries = tally.Entries,
            Assertions = tally.Assertions,
            Errors = tally.Errors,
            Hints = tally.Hints,
            LarderVersion = context.LarderVersion,
            Host = context.Host,
        };
        var tagged = await NoteVerdictAsync(known, report, isWhole: chosen.Count == backup.Sources.Count, cancellationToken);
        return new FinishedDrill(report with { Hints = tally.Hints }, WriteEvidence(report), tagged);
    }

    private async Task DrillAsync(
        ReadableBackup backup, ReadableSource source, DrillSettings settings, DrillTally tally, CancellationToken cancellationToken)
    {
        try
        {
            await (DumpEngines.IsServer(source.Engine)
                ? new ServerDrill(context, backup, settings, tally, progress).RunAsync(source, cancellationToken)
                : new TreeDrill(context, backup, settings, tally, progress).RunAsync(source, cancellationToken));
        }
        catch (SourceException e) when (e.Error is SourceError.Damaged or SourceError.Mismatch)
        {
            NoteUnrestored(source, tally); // Here the source is the dump, and it was read to be restored.
            tally.AddDamage(source.Name, $"Source \"{source.Name}\" cannot be restored: {e.Message}");
        }
        catch (Exception e) when (RepositoryFailure.Is(e) || e is SourceException)
        {
            NoteUnrestored(source, tally);
            tally.Add(source.Name, Described(e));
        }
    }

    private static void NoteUnrestored(ReadableSource source, DrillTally tally)
    {
        if (tally.Sources.All(drilled => drilled.Source != source.Name))
        {
            tally.Sources.Add(new DrilledSource(source.Name, source.Engine, null, source.Recorded?.EngineVersion));
        }
    }

    // What the table calls refused or usage is, for a drill, that it could not be done; the sentence and the advice stay.
    private static Exception Described(Exception e)
    {
        var report = ErrorTable.Describe(e);
        return report.ExitStatus is ExitStatus.Refused or ExitStatus.Partial
            ? new LarderException(EngineError.DrillImpossible, report.Message, e) { Hint = report.Hint }
            : e;
    }

    private static void NoteWhatIsPassedOver(
        Backup known, ReadableBackup backup, DrillSettings settings, IReadOnlyList<ReadableSource> chosen, DrillTally tally)
    {
        if (known.Status == BackupStatus.Partial)
        {
            tally.Hints.Add($"Backup {backup.ShortId} is partial: something was left out when it was made.");
        }
        foreach (var name in settings.Assertions.Select(assertion => assertion.Source).Distinct()
            .Where(name => chosen.All(source => source.Name != name)))
        {
            tally.Hints.Add($"Source \"{name}\" is not in this drill, so the assertions on it were not asked.");
        }
        foreach (var source in chosen.Where(source => DumpEngines.IsServer(source.Engine)
            && (source.Recorded?.Entries ?? []).All(entry => entry.Fingerprint is null)))
        {
            tally.Hints.Add($"The manifest has no fingerprints of source \"{source.Name}\", so its content could not be compared.");
        }
    }

    private static async Task<string> HashManifestAsync(ReadableBackup backup, CancellationToken cancellationToken)
    {
        var node = backup.Root.First(node => node.Name == new NodeName(ManifestJson.FileName));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var id in node.Content ?? [])
        {
            hash.AppendData(await backup.Blobs.ReadOneAsync(BlobKind.Data, id, cancellationToken));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// The verdict goes to every copy, as a tag. A drill that could not be done has none, and one of some sources proves nothing of the
    /// whole; what it found wrong counts all the same.
    /// </summary>
    private async Task<IReadOnlyList<string>> NoteVerdictAsync(
        Backup backup, DrillReport report, bool isWhole, CancellationToken cancellationToken)
    {
        DrillVerdict? verdict = report.ExitStatus switch
        {
            ExitStatus.Done when isWhole => DrillVerdict.Success,
            ExitStatus.Damage => DrillVerdict.Failed,
            _ => null,
        };
        if (verdict is not { } known)
        {
            return [];
        }
        var tagged = new List<string>();
        foreach (var repository in backup.Repositories)
        {
            try
            {
                await SnapshotTags.RewriteAsync(
                    context, repository, [backup], tags => BackupTags.WithDrill(tags, known), cancellationToken);
                tagged.Add(repository);
            }
            catch (Exception e) when (RepositoryFailure.Is(e))
            {
                context.Warn($"The verdict of the drill could not be noted in repository \"{repository}\": {e.Message}");
            }
        }
        return tagged;
    }

    private string? WriteEvidence(DrillReport report)
    {
        try
        {
            return Evidence.Write(context.Configuration.StateDirectory, report);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            context.Warn($"The evidence of the drill could not be written: {e.Message}");
            return null;
        }
    }
}
