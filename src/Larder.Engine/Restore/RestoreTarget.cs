using System.Text;
using Larder.Engine.Backups;
using Larder.Engine.Browse;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Engine.Restore.Transaction;
using Larder.Repository.Snapshots;
using Larder.Sources;
using Larder.Sources.Exchanges;

namespace Larder.Engine.Restore;

/// <summary>Finds what is read and where it goes: the rules of <see cref="RestoreHelp.TargetRules"/>.</summary>
internal sealed class RestoreTarget(
    EngineContext context, ReadableBackup backup, string runId, RestoreRequest request, CancellationToken cancellationToken)
{
    private readonly Destinations destinations = new(context, backup, request);
    private readonly List<RestoreRefusal> refusals = [];

    public IReadOnlyList<RestoreRefusal> Refusals => refusals;

    /// <summary>The steps of every selected source that has a place. Fails with <see cref="LarderException"/> as the plan does.</summary>
    public async Task<IReadOnlyList<RestoreStep>> FindStepsAsync()
    {
        destinations.EnsureUnderstood();
        var selection = EntrySelection.Select(backup, request.Only, request.Entry);
        var steps = new List<RestoreStep>();
        foreach (var (source, entry) in selection)
        {
            var destination = await destinations.OfAsync(source, isOneOfSeveral: selection.Count > 1, cancellationToken);
            switch (destination)
            {
                case RefusedDestination refused:
                    refusals.Add(new RestoreRefusal(source.Name, refused.Reason));
                    break;
                case ServerDestination server:
                    steps.Add(await ServerSteps.PlanAsync(
                        context,
                        backup,
                        source,
                        server.Target,
                        AddressOf(server),
                        entry,
                        TokenOf(steps.Count),
                        request,
                        cancellationToken));
                    break;
                default:
                    destinations.EnsureNoServerOptions(source);
                    var listing = (await backup.Trees.LoadAsync(source.Tree, cancellationToken)).Nodes;
                    var path = (destination as PathDestination)?.Path;
                    steps.AddRange(source.Engine is "sqlite" or "command"
                        ? FileSteps(source, listing, entry, path)
                        : await TreeStepsAsync(source, listing, entry, path));
                    break;
            }
        }
        return steps;
    }

    /// <summary>Of one part: two sources may go into the same database.</summary>
    private string TokenOf(int number) => ExchangeNames.TokenOf(runId) + (number == 0 ? "" : $"{number:x2}");

    private TargetAddress AddressOf(ServerDestination server) => (request.Environment, server.Target) switch
    {
        ({ } environment, _) => new TargetAddress(AddressKind.Environment, backup.Backup!.Job, environment),
        (null, Servers.ConfiguredServer) => new TargetAddress(AddressKind.Source, backup.Backup!.Job),
        _ => new TargetAddress(AddressKind.Url),
    };

    private IEnumerable<RestoreStep> FileSteps(ReadableSource source, IReadOnlyList<Node> listing, string? entry, string? target)
    {
        var file = EntrySelection.SingleFile(backup, source, listing, entry);
        var name = Encoding.UTF8.GetString(file.Name.Bytes);
        if ((target is null ? PlaceOf(source) : At(target, name)) is not { } path)
        {
            refusals.Add(new RestoreRefusal(source.Name, WhyNoPlace(source)));
            yield break;
        }
        if (Directory.Exists(path))
        {
            refusals.Add(new RestoreRefusal(source.Name, $"{path} is a folder, and a file is to be restored there."));
            yield break;
        }
        var facts = RecordedEntries.FactsOf((source.Recorded?.Entries ?? []).Where(one => one.File == name));
        yield return new FileStep(source, path, file, facts);
    }

    private static string At(string target, string name) =>
        target.EndsWith('/') || Directory.Exists(target) ? Path.Combine(target, name) : target;

    // The configuration knows where the database is now; without it, the manifest knows where it was.
    private string? PlaceOf(ReadableSource source) => (destinations.SettingsOf(source) as SqliteSourceSettings)?.Path
        ?? (source is { Engine: "sqlite", Recorded.Paths: [var path, ..] } ? path : null);

    private string WhyNoPlace(ReadableSource source) => source.Engine == "command"
        ? $"Source \"{source.Name}\" is what a command printed, which has no place of its own; say where with --target."
        : $"The configuration has no sqlite source \"{source.Name}\" in job \"{backup.Backup?.Job}\", so its place is not known; say "
            + "where with --target.";

    private async Task<IEnumerable<RestoreStep>> TreeStepsAsync(
        ReadableSource source, IReadOnlyList<Node> listing, string? entry, string? target)
    {
        var way = entry is null ? [] : await EntryFinder.FindAsync(backup, source, listing, entry, cancellationToken);
        if (target is not null)
        {
            var chosen = way.Count == 0 ? TreeStart.Whole(listing) : TreeStart.Entry(way);
            return [new TreeStep(source, target, chosen, IsWholeListing: way.Count == 0)];
        }
        if (source.Engine != "files")
        {
            refusals.Add(
                new RestoreRefusal(source.Name, $"What \"{source.Engine}\" stored has no place of its own here; say where with --target."));
            return [];
        }
        if (way.Count > 0)
        {
            var folder = "/" + string.Join('/', way.SkipLast(1).Select(node => Encoding.UTF8.GetString(node.Name.Bytes)));
            var start = new TreeStart(new EntryPath(way[^1].Name.Bytes.ToArray()), way[^1]);
            return [new TreeStep(source, folder, [start], IsWholeListing: false)];
        }
        List<string> configured = [.. (source.Recorded?.Paths ?? []).Select(path => path.TrimEnd('/'))];
        var starts = new List<(string Folder, Node Node)>();
        await FindStartsAsync("", listing, configured, starts);
        return starts.GroupBy(start => start.Folder, start => start.Node)
            .Select(group => new TreeStep(source, group.Key.Length == 0 ? "/" : group.Key, TreeStart.Whole(group), IsWholeListing: false));
    }

    /// <summary>
    /// Skips the folders that only lead to what was configured: they are this machine's, may be symlinks, and keep their attributes. They
    /// are those above a configured path, and, in backups without a manifest, those that stand here and hold nothing but one folder.
    /// </summary>
    private async Task FindStartsAsync(
        string folder, IReadOnlyList<Node> listing, IReadOnlyList<string> configured, List<(string, Node)> starts)
    {
        foreach (var node in listing)
        {
            var path = $"{folder}/{Encoding.UTF8.GetString(node.Name.Bytes)}";
            if (node.Subtree is { } subtree && !configured.Contains(path) && Directory.Exists(path))
            {
                var below = (await backup.Trees.LoadAsync(subtree, cancellationToken)).Nodes;
                var leads = configured.Any(one => one.StartsWith(path + "/", StringComparison.Ordinal));
                if (leads || (configured.Count == 0 && below.Count == 1 && below[0].Type == NodeType.Directory))
                {
                    await FindStartsAsync(path, below, configured, starts);
                    continue;
                }
            }
            starts.Add((folder, node));
        }
    }
}
