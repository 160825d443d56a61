using Larder.Sources.Exchanges;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// Exchanges a database for one that was restored beside it, in one moment and only when nobody uses it; and back. The live database is
/// held exclusively meanwhile, everything in its log is brought into its file, and the files that SQLite would apply to another database
/// of its name are out of the way.
/// </summary>
/// <remarks>
/// The restored database is written to <see cref="ExchangePart.Beside"/>, brought to disk, looked through by <see cref="CheckAsync"/> and
/// then declared whole by <see cref="MarkWhole"/>.
/// </remarks>
public sealed class SqliteExchange : IExchange
{
    private static readonly TimeSpan JustOpened = TimeSpan.FromMilliseconds(500);

    private readonly SiblingNames names;
    private readonly ExchangePart part;
    private readonly TimeSpan busyTimeout;
    private readonly TimeProvider clock;

    /// <param name="record">From <see cref="Plan"/>, or read again from the journal.</param>
    /// <param name="busyTimeout">How long to wait for programs that have the live database open.</param>
    /// <param name="clock">Measures that time.</param>
    /// <param name="afterCall">Told of each call that has changed something; what it throws ends the operation there.</param>
    public SqliteExchange(ExchangeRecord record, TimeSpan busyTimeout, TimeProvider clock, Action<string>? afterCall = null)
    {
        names = new SiblingNames(record.Parts, afterCall);
        part = record.Parts is [var only]
            ? only
            : throw new ArgumentException("A SQLite database is one file and one part.", nameof(record));
        this.busyTimeout = busyTimeout;
        this.clock = clock;
    }

    /// <summary>
    /// Where the parts of the old database go that SQLite cannot bring into its file; also that of one that is no more.
    /// </summary>
    private string Kept => part.Old ?? part.Beside + "-old";

    /// <summary>
    /// Plans the exchange of a database. A symlink is followed: what it leads to is exchanged. Fails with <see cref="SourceException"/>
    /// where <see cref="WhyNot"/> has a reason, and with <see cref="SourceError.TargetExists"/> where a folder stands there.
    /// </summary>
    /// <param name="live">Where it shall stand.</param>
    /// <param name="token">From <see cref="ExchangeNames.TokenOf"/>.</param>
    public static ExchangeRecord Plan(string live, string token)
    {
        live = LivePath.Resolve(live);
        if (Directory.Exists(live))
        {
            throw new SourceException(SourceError.TargetExists, $"{live} is a folder; a database can only replace a database.");
        }
        if (WhyNot(live) is { } reason)
        {
            throw new SourceException(SourceError.TargetFailed, $"The database {live} cannot be exchanged: {reason}.");
        }
        try
        {
            var planned = SiblingNames.Plan(live, "file", token);
            return new ExchangeRecord { Engine = "sqlite", Target = live, IsAtomic = planned.Detail is null, Parts = [planned] };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"The exchange of the database {live} cannot be planned", e);
        }
    }

    /// <summary>
    /// Why a database cannot be exchanged, as half a sentence, so that it must be overwritten in place by <see cref="SqliteOverwrite"/>;
    /// null where it can.
    /// </summary>
    public static string? WhyNot(string live) => LivePath.WhyNot(live);

    /// <summary>
    /// Checks what was restored, and compares it with what the backup recorded. Before <see cref="MarkWhole"/>. Fails with
    /// <see cref="SourceException"/>: <see cref="SourceError.Damaged"/>, <see cref="SourceError.Mismatch"/>,
    /// <see cref="SourceError.NotFound"/>.
    /// </summary>
    /// <param name="recorded">What the manifest has of this file; empty compares nothing.</param>
    /// <param name="cancellationToken">Looked at between rows.</param>
    /// <returns>What is in it.</returns>
    public async Task<IReadOnlyList<EntryFacts>> CheckAsync(IReadOnlyList<EntryFacts> recorded, CancellationToken cancellationToken)
    {
        var found = await SqliteCheck.InspectAsync(part.Beside, Path.GetFileName(part.Live), cancellationToken);
        SqliteFacts.Compare(recorded, found, part.Live);
        return found;
    }

    /// <summary>
    /// Declares, durably, that what was restored lies beside, whole and on disk. It gets the owner and mode of the database that it is to
    /// replace. Fails with <see cref="SourceException"/>.
    /// </summary>
    public void MarkWhole()
    {
        try
        {
            // The live one's, or where there is none its own: then it is only brought to disk.
            var wanted = LibcPath.ReadAttributes(part.Old is null ? part.Beside : part.Live);
            LibcPath.SetOwnerAndMode(part.Beside, wanted.Uid, wanted.Gid, wanted.Permissions);
            names.MarkWhole();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"What was restored for the database {part.Live} cannot be marked as whole", e);
        }
    }

    public Task<ExchangeState> LookAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult(names.Look());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"The state of the database {part.Live} cannot be told", e);
        }
    }

    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var state = await LookAsync(cancellationToken);
        if (state == ExchangeState.Untouched)
        {
            throw new InvalidOperationException($"Nothing whole lies beside {part.Live}.");
        }
        try
        {
            await Task.Run(() => state == ExchangeState.Beside ? ExchangeHeldAsync() : FinishExchangeAsync(), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"The database {part.Live} cannot be replaced", e);
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Fails with <see cref="SourceError.TargetBusy"/> while a program has the database open. What was written since the exchange stays
    /// in the one that lies beside.
    /// </remarks>
    public async Task UndoAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var state = await LookAsync(cancellationToken);
        try
        {
            await Task.Run(() => state == ExchangeState.Exchanged ? UndoHeldAsync() : FinishUndoAsync(), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"The database that stood at {part.Live} before the restore cannot be put back", e);
        }
    }

    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await Task.Run(() => names.Forget(Remove), CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SiblingNames.Describe($"What lies beside the database {part.Live} cannot be removed", e);
        }
    }

    private async Task ExchangeHeldAsync()
    {
        if (part.Old is null && LibcPath.IsThere(part.Live))
        {
            throw new SourceException(SourceError.TargetExists, $"{part.Live} was to be new, and something stands there now.");
        }
        using var held = part.Old is null ? null : await HeldDatabase.TakeAsync(part.Live, busyTimeout, clock);
        names.Done("hold the live database");
        try
        {
            PutCompanionsAside(Kept, held?.IsWhole ?? false);
            await names.PutLiveAsync(part, () => GiveBackIfOpenedAsync("restore again"));
            BringCompanions(part.Beside);
            names.FlushFolders();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SourceException)
        {
            await TryAsync(FinishUndoAsync);
            throw;
        }
    }

    /// <summary>Another process was ended in the middle. What it put live is not taken away from those who may use it by now.</summary>
    private async Task FinishExchangeAsync()
    {
        await names.PutLiveAsync(part);
        BringCompanions(part.Beside);
        names.FlushFolders();
    }

    private async Task UndoHeldAsync()
    {
        const string retry = "undo the restore again";
        using var held = File.Exists(part.Live) ? await HeldDatabase.TakeAsync(part.Live, busyTimeout, clock, retry) : null;
        names.Done("hold the live database");
        try
        {
            PutCompanionsAside(part.Beside, held?.IsWhole ?? false);
            await names.PutBackAsync(part, () => GiveBackIfOpenedAsync(retry));
            await FinishUndoAsync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SourceException)
        {
            await TryAsync(FinishExchangeAsync);
            throw;
        }
    }

    /// <summary>Also where nothing was exchanged, but what belongs to the live database was already put aside.</summary>
    private async Task FinishUndoAsync()
    {
        await names.PutBackAsync(part);
        BringCompanions(Kept);
        names.FlushFolders();
    }

    /// <summary>The first failure is the one to report; where things are, a look tells.</summary>
    private async Task TryAsync(Func<Task> goBack)
    {
        try
        {
            if (names.Look() != ExchangeState.Untouched)
            {
                await goBack();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return;
        }
    }

    /// <summary>
    /// A program that opened the database at the last moment waits for our lock, and would then apply a log of the live name to it. While
    /// we hold the lock it can do nothing, so the exchange can still be undone.
    /// </summary>
    private async Task GiveBackIfOpenedAsync(string retry)
    {
        var holders = await FileHolders.WaitUntilNoneAsync(part.Beside, JustOpened, clock, exceptThisProcess: true);
        if (holders.Count > 0)
        {
            names.Exchange(part);
            throw HeldDatabase.DescribeBusy(part.Live, $"{string.Join(", ", holders)} has just opened it", retry: retry);
        }
    }

    /// <summary>
    /// Takes what belongs to the live database away from its name: nothing must be left there that would be applied to another one.
    /// </summary>
    /// <param name="kept">Beside which it is kept if it may hold a part of the data.</param>
    /// <param name="isWhole">Whether everything in the live database is in its one file.</param>
    private void PutCompanionsAside(string kept, bool isWhole)
    {
        foreach (var suffix in Companions.SuffixesBeside(part.Live))
        {
            if (isWhole)
            {
                File.Delete(part.Live + suffix);
                names.Done($"remove {part.Live}{suffix}");
            }
            else
            {
                names.Rename(part.Live + suffix, kept + suffix);
            }
        }
        names.FlushFolders();
    }

    /// <summary>Brings what was put aside with a database that is live again.</summary>
    private void BringCompanions(string kept)
    {
        foreach (var suffix in Companions.SuffixesBeside(kept))
        {
            names.Rename(kept + suffix, part.Live + suffix);
        }
    }

    private static void Remove(string path)
    {
        File.Delete(path);
        foreach (var companion in Companions.Of(path).Concat(Companions.Of(path + "-old")))
        {
            File.Delete(companion);
        }
    }
}
