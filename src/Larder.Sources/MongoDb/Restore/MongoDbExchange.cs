using Larder.Sources.Exchanges;

namespace Larder.Sources.MongoDb.Restore;

/// <summary>
/// Exchanges collections, views and time series for those that were restored beside them, one after another: the live one gets its old name
/// and the restored one the live name. Each is the old or the new one whenever somebody looks, or for a moment between the two commands
/// missing. Where things are is told by the names alone, so it goes on from wherever somebody was ended.
/// </summary>
/// <param name="url">The server; passwords in it are never shown.</param>
/// <param name="record">From the plan of the restore, or read again from its journal.</param>
/// <param name="afterCall">Told of each command that has changed something; what it throws ends the operation there.</param>
public sealed class MongoDbExchange(string url, ExchangeRecord record, Action<string>? afterCall = null) : IExchange
{
    private const string Accounts = "admin";

    private readonly RestoreNames names = RestoreNames.Of(record);

    private FullName Mark => MarkOf(record);

    public async Task<ExchangeState> LookAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);
        return await WholeAsync(connection, cancellationToken) is { } exchange ? exchange.Look() : ExchangeState.Untouched;
    }

    public async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);
        var exchange = await WholeAsync(connection, cancellationToken)
            ?? throw new InvalidOperationException($"Nothing whole lies beside {record.Parts[0].Live}.");
        try
        {
            await exchange.PutLiveAsync();
        }
        catch (SourceException)
        {
            await TryPutBackAsync(target);
            throw;
        }
    }

    public async Task UndoAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var target = RestoreTarget.Open(url);
        await PutBackAsync(target, cancellationToken);
    }

    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var target = RestoreTarget.Open(url);
        await using var connection = await target.ConnectAsync(cancellationToken);
        var whole = await WholeAsync(connection, cancellationToken);
        if (whole?.Look() == ExchangeState.Between)
        {
            throw new SourceException(
                SourceError.TargetFailed, $"Not everything in {record.Target} is exchanged, so nothing is removed. Undo the restore.");
        }
        var standing = await ReadStandingAsync(connection, cancellationToken);
        RefuseLast(standing);

        // First the mark: without it nothing counts as whole, so a kill half way leaves nothing that could be mistaken for the old data.
        var moves = new CollectionMoves(connection, standing, afterCall);
        await moves.DropAsync(Mark);
        foreach (var name in standing.All.Select(Visible).Distinct().Where(name => names.IsOwn(name.Name)).ToList())
        {
            if (standing.KindOf(name) == StandingKind.BucketsOnly)
            {
                await moves.MendAsync(name); // Buckets alone cannot be dropped.
            }
            await moves.DropAsync(name);
        }
        await DropAccountsAsync(connection);
    }

    /// <summary>Where the mark of an exchange lies.</summary>
    internal static FullName MarkOf(ExchangeRecord record) =>
        FullName.Parse(record.Parts[0].Live) with { Name = RestoreNames.Of(record).Mark };

    private async Task PutBackAsync(RestoreTarget target, CancellationToken cancellationToken)
    {
        await using var connection = await target.ConnectAsync(cancellationToken);
        if (await WholeAsync(connection, cancellationToken) is { } exchange)
        {
            await exchange.PutBackAsync();
        }
    }

    /// <summary>Over a connection of its own, for that of the exchange may be what failed.</summary>
    private async Task TryPutBackAsync(RestoreTarget target)
    {
        try
        {
            await PutBackAsync(target, CancellationToken.None);
        }
        catch (SourceException)
        {
            return; // The first failure is the one to report; where things are, a look tells.
        }
    }

    /// <summary>Null where nothing whole was restored, or it was forgotten.</summary>
    private async Task<CollectionExchange?> WholeAsync(RestoreConnection connection, CancellationToken cancellationToken) =>
        await WholenessMark.ReadAsync(connection, Mark, cancellationToken) is { } parts
            ? new CollectionExchange(
                connection,
                [.. parts.Select(part => new PartNames(part))],
                await ReadStandingAsync(connection, cancellationToken),
                afterCall)
            : null;

    private Task<StandingNames> ReadStandingAsync(RestoreConnection connection, CancellationToken cancellationToken) =>
        StandingNames.ReadAsync(connection, record.Parts.Select(part => FullName.Parse(part.Live).Database), cancellationToken);

    private void RefuseLast(StandingNames standing)
    {
        foreach (var part in record.Parts.Select(part => new PartNames(part)))
        {
            if (part.Old is { } old && standing.Stands(old) && !standing.Stands(part.Live))
            {
                throw new SourceException(
                    SourceError.TargetFailed,
                    $"Nothing stands at {part.Live}, and what stood there before the restore is all there is: {old} is not removed.");
            }
        }
    }

    // An account that may not write there has not left anything there.
    private async Task DropAccountsAsync(RestoreConnection connection)
    {
        try
        {
            await connection.DropAsync(new FullName(Accounts, names.Users), CancellationToken.None);
            await connection.DropAsync(new FullName(Accounts, names.Roles), CancellationToken.None);
        }
        catch (SourceException error) when (error.Error == SourceError.PermissionDenied)
        {
            return;
        }
    }

    private static FullName Visible(FullName name) => name.Name.StartsWith(DumpNames.BucketsPrefix, StringComparison.Ordinal)
        ? name with { Name = name.Name[DumpNames.BucketsPrefix.Length..] }
        : name;
}
