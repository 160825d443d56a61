using Larder.Sources.Dumps;

namespace Larder.Sources.Throwaway;

/// <summary>A server that a drill restores into. Disposing it leaves nothing of the drill behind.</summary>
public abstract class DrillServer : IAsyncDisposable
{
    private protected DrillServer(IDrillEngine engine, string engineName, string version, string shownName)
    {
        Engine = engine;
        (EngineName, Version, ShownName) = (engineName, version, shownName);
    }

    private protected IDrillEngine Engine { get; }

    /// <summary><c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>.</summary>
    public string EngineName { get; }

    public string Version { get; }

    /// <summary>For people and the evidence, with no secret in it.</summary>
    public string ShownName { get; }

    /// <summary>The address to restore to, which may hold a password.</summary>
    public string Url => Engine.UrlOf(null);

    /// <summary>What is restored, one request after the other: everything at once, or each database to a name of its own.</summary>
    public abstract IReadOnlyList<DrillPart> Parts { get; }

    /// <summary>Whether the dump's accounts are restored too.</summary>
    public abstract bool WithUsers { get; }

    /// <summary>
    /// Why a failure on this server says nothing of the dump: the server is gone or does not answer, or the message speaks of the machine.
    /// </summary>
    /// <returns>A whole sentence; null where the dump is to blame.</returns>
    public async Task<string?> FindCircumstanceAsync(string message, CancellationToken cancellationToken)
    {
        if (EndedBecause is { } ended)
        {
            return ended;
        }
        if (Circumstance.IsToBlame(message))
        {
            return message;
        }
        try
        {
            await Engine.FindVersionAsync(cancellationToken);
            return null;
        }
        catch (SourceException error)
        {
            return error.Message;
        }
    }

    /// <summary>What the server said where it ended by itself; null while it runs.</summary>
    private protected abstract string? EndedBecause { get; }

    /// <summary>The databases of the dump, as they were called there.</summary>
    public abstract IReadOnlyList<string> Databases { get; }

    /// <summary>What a dumped database is called here.</summary>
    public abstract string NameOf(string dumped);

    /// <summary>The address of a dumped database, for the user's own programs; it may hold a password.</summary>
    public string UrlOf(string? dumped) => Engine.UrlOf(dumped is null ? null : NameOf(dumped));

    /// <summary>What the server holds of the restored entries, read back from it. Fails with <see cref="SourceException"/>.</summary>
    public Task<IReadOnlyList<EntryFacts>> ReadBackAsync(
        IStoredDump dump, IReadOnlyList<EntryFacts> restored, CancellationToken cancellationToken) =>
        Engine.ReadBackAsync(dump, restored, NameOf, cancellationToken);

    /// <summary>What of the last <see cref="ReadBackAsync"/> was not read back, and why, each a whole sentence.</summary>
    public IReadOnlyList<string> NotReadBack => Engine.NotReadBack;

    /// <summary>Asks SQL, or a MongoDB command as JSON. Fails with <see cref="SourceException"/> where it cannot be asked.</summary>
    /// <returns>Null where the answer is true; otherwise what it is instead, to follow "it answered".</returns>
    public Task<string?> AskAsync(string dumpedDatabase, string question, CancellationToken cancellationToken) =>
        Engine.AskAsync(NameOf(dumpedDatabase), question, cancellationToken);

    public abstract ValueTask DisposeAsync();
}

/// <param name="Database">The dumped database; null for everything.</param>
/// <param name="Name">What it is restored as; null for the name it had.</param>
public sealed record DrillPart(string? Database, string? Name);
