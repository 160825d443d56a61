using Larder.Sources.Dumps;

namespace Larder.Sources.Throwaway;

/// <summary>What a drill asks of a server besides the restore itself. Failures are <see cref="SourceException"/>s.</summary>
internal interface IDrillEngine
{
    /// <summary>The server's version; the first thing asked, and a failure means that it does not answer yet.</summary>
    Task<string> FindVersionAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Makes what a dump takes for granted and an empty server lacks: accounts and places that the dump itself does not make.
    /// </summary>
    Task PrepareAsync(IStoredDump dump, ThrowawayFolder folder, ServerAccount? account, CancellationToken cancellationToken);

    /// <summary>The databases that a dump holds, and whether it holds accounts too.</summary>
    Task<(IReadOnlyList<string> Databases, bool HasAccounts)> LookIntoAsync(IStoredDump dump, CancellationToken cancellationToken);

    Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken);

    /// <summary>Drops a database, whoever is connected to it; harmless where there is none.</summary>
    Task DropAsync(string database, CancellationToken cancellationToken);

    /// <summary>
    /// What the server holds of the restored entries, read back from it to the last byte where the restore has not done so already.
    /// </summary>
    /// <param name="restored">What the restore says that it wrote.</param>
    /// <param name="nameOf">From the name of a dumped database to that of the restored one.</param>
    Task<IReadOnlyList<EntryFacts>> ReadBackAsync(
        IStoredDump dump, IReadOnlyList<EntryFacts> restored, Func<string, string> nameOf, CancellationToken cancellationToken);

    /// <summary>
    /// What the last <see cref="ReadBackAsync"/> took from the restore because it cannot be compared with the manifest any more, each a
    /// whole sentence.
    /// </summary>
    IReadOnlyList<string> NotReadBack => [];

    /// <summary>Asks a question of the user's.</summary>
    /// <returns>Null where the answer is true; otherwise what it is instead, to follow "it answered".</returns>
    Task<string?> AskAsync(string database, string question, CancellationToken cancellationToken);

    /// <summary>The address of a database, for the user's own programs; it may hold a password.</summary>
    string UrlOf(string? database);
}
