using Larder.Testing;

namespace Larder.EndToEnd.Restores;

/// <summary>Looks at the live data again and again, and keeps what is none of the states that it may have.</summary>
internal sealed class LiveReader
{
    // Without any, a reader would keep one of two cores from the program that it watches.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    private readonly LiveData data;
    private readonly IReadOnlyList<IReadOnlyDictionary<string, string>> allowed;
    private readonly List<(DateTimeOffset At, string What)> outages = [];
    private readonly Task reading;
    private volatile bool ending;

    public LiveReader(LiveData data, params IReadOnlyList<IReadOnlyDictionary<string, string>> allowed)
    {
        this.data = data;
        this.allowed = allowed;
        reading = Task.Run(ReadAsync);
    }

    public int Looks { get; private set; }

    /// <summary>
    /// Whatever could not be reached, or was missing, since the last call was so after the exchange had begun.
    /// </summary>
    /// <param name="exchangeBegan">Null where it did not begin.</param>
    public void AssertOutagesOnlySince(DateTimeOffset? exchangeBegan)
    {
        lock (outages)
        {
            foreach (var (at, what) in outages)
            {
                Assert.True(at >= exchangeBegan, $"At {at:O} {what}, and the exchange began {exchangeBegan?.ToString("O") ?? "not at all"}.");
            }
            outages.Clear();
        }
    }

    /// <summary>Ends it. Fails with what it should not have seen.</summary>
    public Task EndAsync()
    {
        ending = true;
        return reading;
    }

    /// <summary>Fails with what it should not have seen so far.</summary>
    public void AssertWell()
    {
        if (reading.IsFaulted)
        {
            throw reading.Exception.InnerException!;
        }
    }

    private async Task ReadAsync()
    {
        while (!ending)
        {
            var seen = await data.LookAsync();
            var at = TimeProvider.System.GetUtcNow();
            foreach (var (part, content) in seen ?? new Dictionary<string, string>())
            {
                if (!allowed.Any(state => state.GetValueOrDefault(part) == content))
                {
                    throw new TestFailedException($"A reader saw of {part} what is neither the one nor the other: {content}");
                }
            }
            var missing = seen is null ? ["all of it"] : allowed[0].Keys.Except(seen.Keys).ToList();
            if (missing.Count > 0)
            {
                lock (outages)
                {
                    outages.Add((at, $"a reader could not see {string.Join(", ", missing)}"));
                }
            }
            Looks++;
            await Task.Delay(Pause, TimeProvider.System);
        }
    }
}
