using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Maintenance;

/// <summary>Work that is kept in the catalog as a run, however it ends.</summary>
internal static class JournaledRun
{
    /// <param name="work">Gets the journal; answers what it made and how the run ended.</param>
    public static async Task<T> ExecuteAsync<T>(
        EngineContext context, RunKind kind, string? job, Func<RunJournal, Task<(T Made, RunResult Result)>> work)
    {
        var journal = RunJournal.Begin(
            context.Catalog,
            new NewRun { Id = context.NewRunId(), Kind = kind, Job = job, Trigger = context.Trigger, CreatedBy = context.CreatedBy },
            context.Warn,
            context.Watch);
        try
        {
            var (made, result) = await work(journal);
            journal.Finish(result);
            return made;
        }
        catch (Exception e)
        {
            journal.Finish(RunResult.Failed(ErrorTable.Describe(e, new ErrorContext { Job = job })));
            throw;
        }
    }
}
