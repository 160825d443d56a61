namespace Larder.Engine.Catalog;

/// <summary>
/// What a run does, as whoever watches runs hears of it: that it begins, each event, and how it ended. Told on the thread of the run, so
/// who is told returns at once; it is told also where no catalog can be written.
/// </summary>
public abstract record JournalNews
{
    private JournalNews()
    {
    }

    public required NewRun Run { get; init; }

    public sealed record Began : JournalNews;

    public sealed record Noted(EventLevel Level, string Message) : JournalNews;

    public sealed record Ended(RunResult Result) : JournalNews;
}
