using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Servers;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;
using Larder.Sources.Sqlite;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Makes the exchanges of a restore's parts, in the process that wrote their records or in a later one.</summary>
internal sealed class ExchangeFactory(EngineContext context, RestoreFolder folder, RestoreRecord record)
{
    // An exchange that was made knows where its server is, which takes a program to find out.
    private readonly Dictionary<int, IExchange> made = [];

    /// <summary>How long to wait for programs that have a SQLite database open.</summary>
    public static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Fails with <see cref="LarderException"/> or <see cref="ConfigurationException"/> where the server is not known any more.
    /// </summary>
    /// <param name="part">One that has an exchange.</param>
    public async Task<IExchange> MakeAsync(RestorePart part, CancellationToken cancellationToken)
    {
        var exchange = part.Exchange!;
        return made[part.Number] = made.GetValueOrDefault(part.Number) ?? exchange.Engine switch
        {
            "sqlite" => new SqliteExchange(exchange, BusyTimeout, context.Clock),
            var engine when DumpEngines.IsServer(engine) && part.Address.Kind != AddressKind.Path =>
                (await context.Dumps.RestoreInto(await FindServerAsync(part, cancellationToken), cancellationToken)).ExchangeFor(exchange),
            _ => new TreeExchange(exchange),
        };
    }

    private async Task<ServerTarget> FindServerAsync(RestorePart part, CancellationToken cancellationToken)
    {
        var job = part.Address.Job is { } name ? context.JobOf(name) : null;
        ServerTarget? found = part.Address.Kind switch
        {
            AddressKind.Source => job?.Sources.FirstOrDefault(source => source.Name == part.Source) is { } source
                ? await ConfiguredServer.ReadAsync(source, cancellationToken)
                : null,
            AddressKind.Environment => job?.Environments.GetValueOrDefault(part.Address.Environment!)?.Targets
                .GetValueOrDefault(part.Source)?.Url is { } url
                ? await ServerAtUrl.ReadAsync(url, cancellationToken)
                : null,
            _ => await ServerAtUrl.ReadAsync(
                Secret.FromText("--target", await folder.ReadUrlAsync(record.RunId, cancellationToken)),
                cancellationToken),
        };
        return found ?? throw new LarderException(
            EngineError.PrerequisiteFailed,
            $"The configuration no longer says where {part.Target} is, which restore {record.RunId} of source \"{part.Source}\" wrote to; "
            + "put it back as it was.");
    }
}
