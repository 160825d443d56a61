using System.Text;
using Larder.Engine.Configuration;
using Larder.Engine.Errors;
using Larder.Repository.Snapshots;

namespace Larder.Engine.Browse;

/// <summary>Finds what a typed path leads to inside a backup.</summary>
internal static class EntryFinder
{
    /// <summary>The nodes on the way from the listing to the one that is meant, which is the last. Empty for an empty path.</summary>
    /// <param name="listing">Where the path begins.</param>
    /// <param name="path">Names parted by '/', quoted as they are listed or, where that is the same to the user, as they are.</param>
    /// <exception cref="LarderException"><see cref="EngineError.UnknownEntry"/>, naming what is near.</exception>
    public static async Task<IReadOnlyList<Node>> FindAsync(
        ReadableBackup backup, IReadOnlyList<Node> listing, string path, CancellationToken cancellationToken)
    {
        var way = new List<Node>();
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (way.Count > 0)
            {
                listing = way[^1].Subtree is { } subtree ? (await backup.Trees.LoadAsync(subtree, cancellationToken)).Nodes : [];
            }
            way.Add(Find(listing, name) ?? throw Unknown(backup, way, listing, path, name));
        }
        return way;
    }

    /// <summary>
    /// The same inside a source, where a table or collection may be named as the manifest names it too: that leads to its file.
    /// </summary>
    public static Task<IReadOnlyList<Node>> FindAsync(
        ReadableBackup backup, ReadableSource source, IReadOnlyList<Node> listing, string typed, CancellationToken cancellationToken)
    {
        var first = typed.Split('/', 2)[0];
        var entry = Find(listing, first) is null && EntryNames.Find(backup, source, typed) is { } name
            ? source.Recorded?.Entries.FirstOrDefault(one => one.Name == name)
            : null;
        return FindAsync(backup, listing, entry is null ? typed : Quoted(entry.File), cancellationToken);
    }

    private static string Quoted(string file) =>
        string.Join('/', file.Split('/').Select(name => new NodeName(Encoding.UTF8.GetBytes(name)).ToQuoted()));

    /// <summary>The quoted names of a way, parted by '/'.</summary>
    public static string Shown(IEnumerable<Node> way) => string.Join('/', way.Select(node => node.Name.ToQuoted()));

    private static Node? Find(IReadOnlyList<Node> listing, string name)
    {
        var raw = new NodeName(Encoding.UTF8.GetBytes(name));
        return (NodeName.TryFromQuoted(name, out var unquoted) ? listing.FirstOrDefault(node => node.Name == unquoted) : null)
            ?? listing.FirstOrDefault(node => node.Name == raw);
    }

    private static LarderException Unknown(
        ReadableBackup backup, IReadOnlyList<Node> way, IReadOnlyList<Node> listing, string path, string name)
    {
        const int shownMax = 5;
        var names = listing.Select(node => node.Name.ToQuoted()).ToList();
        var place = way.Count == 0 ? "there is" : $"in {Shown(way)} there is";
        var near = NearestWord.Find(name, names) is { } nearest
            ? $"did you mean {nearest}?"
            : names.Count == 0
                ? $"{place} nothing."
                : $"{place} {string.Join(", ", names.Take(shownMax))}"
                    + $"{(names.Count > shownMax ? $" and {names.Count - shownMax} more" : "")}.";
        return new LarderException(EngineError.UnknownEntry, $"Backup {backup.ShortId} has no \"{path}\"; {near}")
        {
            Context = backup.ErrorContext,
        };
    }
}
