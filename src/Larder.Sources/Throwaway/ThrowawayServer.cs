using Larder.Sources.Dumps;

namespace Larder.Sources.Throwaway;

/// <summary>A server of the drill's own, in a folder that goes with it. Nobody else on the machine can talk to it.</summary>
public sealed class ThrowawayServer : DrillServer
{
    private readonly ThrowawayFolder folder;
    private readonly KeptEngine kept;

    private ThrowawayServer(
        ThrowawayFolder folder, BegunServer began, string engineName, string version, IReadOnlyList<string> databases, bool hasAccounts)
        : base(began.Engine, engineName, version, $"a throwaway server, version {version}") =>
        (this.folder, kept, Databases, WithUsers) = (folder, began.Kept, databases, hasAccounts);

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
        var folder = await ThrowawayFolder.CreateAsync(request.ParentFolder, cancellationToken);
        try
        {
            var began = request.Engine switch
            {
                "postgresql" => await PostgreSqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                "mongodb" => await MongoDbThrowaway.StartAsync(request, dump, folder, clock, cancellationToken),
                "mysql" => await MySqlThrowaway.StartAsync(request, folder, clock, cancellationToken),
                _ => throw new ArgumentException($"There is no server of kind {request.Engine}.", nameof(request)),
            };
            var version = await began.Kept.WaitForAsync(began.Engine.FindVersionAsync, cancellationToken);
            var (databases, hasAccounts) = await began.Engine.LookIntoAsync(dump, cancellationToken);
            await began.Engine.PrepareAsync(dump, folder, began.Account, cancellationToken);
            return new ThrowawayServer(folder, began, request.Engine, version, databases, hasAccounts);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    public override string NameOf(string dumped) => dumped;

    public override ValueTask DisposeAsync() => folder.DisposeAsync();
}

/// <summary>A server that was started and may not answer yet.</summary>
internal sealed record BegunServer(KeptEngine Kept, IDrillEngine Engine, ServerAccount? Account);
