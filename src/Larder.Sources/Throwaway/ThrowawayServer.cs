using Larder.Sources.Dumps;

namespace Larder.Sources.Throwaway;

/// <summary>A server of the drill's own, in a folder that goes with it. Nobody else on the machine can talk to it.</summary>
public sealed class ThrowawayServer : DrillServer
{
    private readonly KeptEngine kept;

    private ThrowawayServer(
        IDrillEngine engine, KeptEngine kept, string engineName, string version, IReadOnlyList<string> databases, bool hasAccounts)
        : base(engine, engineName, version, $"a throwaway server, version {version}") =>
        (this.kept, Databases, WithUsers) = (kept, databases, hasAccounts);

    public override IReadOnlyList<DrillPart> Parts { get; } = [new(null, null)];

    public override bool WithUsers { get; }

    public override IReadOnlyList<string> Databases { get; }

    public override string? EndedBecause => kept.HasEnded ? $"The throwaway server ended by itself.{kept.Said}" : null;

    /// <summary>
    /// Starts one that takes the dump. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolMissing"/>, naming program and
    /// package, where this machine has none that fits; <see cref="SourceError.ToolFailed"/> where it does not start.
    /// </summary>
    public static async Task<ThrowawayServer> StartAsync(
        ThrowawayRequest request, IStoredDump dump, TimeProvider clock, CancellationToken cancellationToken)
    {
        var folder = ThrowawayFolder.Create(request.ParentFolder);
        KeptEngine? kept = null;
        try
        {
            var began = request.Engine switch
            {
                "postgresql" => await PostgreSqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                "mongodb" => await MongoDbThrowaway.StartAsync(request, dump, folder, clock, cancellationToken),
                "mysql" => await MySqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                _ => throw new ArgumentException($"There is no server of kind {request.Engine}.", nameof(request)),
            };
            kept = began.Kept;
            var version = await kept.WaitForAsync(began.Engine.FindVersionAsync, cancellationToken);
            var (databases, hasAccounts) = await began.Engine.LookIntoAsync(dump, cancellationToken);
            await began.Engine.PrepareAsync(dump, folder, began.Account, cancellationToken);
            return new ThrowawayServer(began.Engine, kept, request.Engine, version, databases, hasAccounts);
        }
        catch
        {
            if (kept is not null)
            {
                await kept.DisposeAsync();
            }
            folder.Dispose();
            throw;
        }
    }

    public override string NameOf(string dumped) => dumped;

    public override ValueTask DisposeAsync() => kept.DisposeAsync();
}

/// <summary>A server that was started and may not answer yet.</summary>
internal sealed record BegunServer(KeptEngine Kept, IDrillEngine Engine, ServerAccount? Account);
