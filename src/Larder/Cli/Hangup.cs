namespace Larder.Cli;

/// <summary>What SIGHUP means: the end of a command, unless the command has taken it over. Safe for any thread.</summary>
internal sealed class Hangup
{
    private Action? taker;

    /// <summary>From now on, and until the answer is disposed, a hang-up calls this instead; on a thread of the pool.</summary>
    public IDisposable Take(Action action)
    {
        taker = action;
        return new Held(this);
    }

    /// <summary>Whether a command has taken it over.</summary>
    public bool TryTell()
    {
        if (taker is not { } action)
        {
            return false;
        }
        ThreadPool.QueueUserWorkItem(_ => action());
        return true;
    }

    private sealed class Held(Hangup hangup) : IDisposable
    {
        public void Dispose() => hangup.taker = null;
    }
}
