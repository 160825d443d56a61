using Larder.Engine.Catalog;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.MongoDb.Sync;

namespace Larder.Engine.Sync;

/// <summary>The sync of a job, within whatever run it belongs to.</summary>
internal sealed class JobSync(EngineContext context, JobSettings job, SyncSettings settings, RunProgress progress)
{
    /// <param name="journal">Gets the log, collection by collection; null for a dry run.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="SourceException">A side is away, or fails; what was done until then is in the log.</exception>
    /// <exception cref="LarderException"><see cref="EngineError.LocalModeNeeded"/>, <see cref="EngineError.ConfigurationInvalid"/>.
    /// </exception>
    public async Task<SyncOutcome> ExecuteAsync(RunJournal? journal, CancellationToken cancellationToken)
    {
        LocalPrimary.EnsureNotElsewhere(context.Configuration);
        try
        {
            var sides = await SyncSides.ReadAsync(job, settings.Source, cancellationToken);
            progress.Begin("sync", 0);
            var sync = new MongoDbSync(new MongoDbSyncSettings
            {
                LocalUrl = sides.LocalUrl,
                RemoteUrl = sides.RemoteUrl!,
                Databases = sides.Databases,
                Field = settings.Field,
                Exclude = settings.Exclude,
                IsDryRun = journal is null,
            });
            var outcome = await sync.ExecuteAsync(Tell, progress.Advance, cancellationToken);
            if (journal is not null)
            {
                SyncLog.Append(journal, outcome);
            }
            return outcome;
        }
        catch (SourceException e) when (e.Error == SourceError.TargetExists)
        {
            throw new LarderException(EngineError.ConfigurationInvalid, e.Message, e)
            {
                Context = new ErrorContext { Job = job.Name, Source = settings.Source },
                Hint = $"correct jobs.{job.Name}.sync.remote, or the URL of source \"{settings.Source}\".",
            };
        }
        catch (SourceException e) when (new ErrorContext { Job = job.Name, Source = settings.Source }.IsNotedOn(e))
        {
            throw;
        }

        void Tell(SyncedCollection one)
        {
            if (journal is not null)
            {
                SyncLog.Append(journal, one);
            }
        }
    }
}
