using Larder.Engine.Errors;

namespace Larder.Engine.Catalog;

/// <summary>
/// One run's way into the catalog, which never fails: a catalog that cannot be opened or written costs history and a warning, never a
/// backup.
/// After the first failure nothing more is tried, so that a hanging disk is waited for once.
/// </summary>
public sealed class RunJournal
{
    private readonly NewRun run;
    private readonly Action<string> warn;
    private readonly Action<JournalNews>? watch;
    private readonly Lock state = new();
    private CatalogDatabase? catalog;

    private RunJournal(NewRun run, CatalogDatabase? catalog, Action<string> warn, Action<JournalNews>? watch) =>
        (this.run, this.catalog, this.warn, this.watch) = (run, catalog, warn, watch);

    public string RunId => run.Id;

    /// <param name="catalog">Null where it could not be opened; its owner disposes it, after the run.</param>
    /// <param name="run">What begins.</param>
    /// <param name="warn">Told once, in whole sentences, when the history of this run is lost.</param>
    /// <param name="watch">Told what the run does, whether the catalog can be written or not; null where nobody watches.</param>
    public static RunJournal Begin(CatalogDatabase? catalog, NewRun run, Action<string> warn, Action<JournalNews>? watch = null)
    {
        var journal = new RunJournal(run, catalog, warn, watch);
        journal.Try(open => open.BeginRun(run));
        watch?.Invoke(new JournalNews.Began { Run = run });
        return journal;
    }

    /// <summary>Opens the catalog, or warns and answers null.</summary>
    public static CatalogDatabase? OpenOrWarn(string path, TimeProvider clock, Action<string> warn)
    {
        try
        {
            return CatalogDatabase.Open(path, clock, warn);
        }
        catch (LarderException exception)
        {
            warn($"{exception.Message} The work goes on without run history.");
            return null;
        }
    }

    public void Append(EventLevel level, string message)
    {
        Try(open => open.AppendEvent(RunId, level, message));
        watch?.Invoke(new JournalNews.Noted(level, message) { Run = run });
    }

    public void Finish(RunResult result)
    {
        Try(open => open.FinishRun(RunId, result));
        watch?.Invoke(new JournalNews.Ended(result) { Run = run });
    }

    private void Try(Action<CatalogDatabase> write)
    {
        lock (state)
        {
            if (catalog is not { } open)
            {
                return;
            }
            try
            {
                write(open);
            }
            catch (LarderException exception)
            {
                catalog = null;
                warn($"{exception.Message} The work goes on, but the history of run {RunId} is not whole.");
            }
        }
    }
}
