using System.Text;
using Larder.Sources;
using Larder.Sources.Exchanges;
using Larder.Sources.Files;

namespace Larder.Engine.Restore.Transaction;

/// <summary>Where the parts of a tree are live, and where they are written beside that.</summary>
internal static class TreePlaces
{
    /// <summary>
    /// What one restore of a tree replaces: the whole root, or each file and folder that it begins with. Null where one of them cannot be
    /// exchanged, such as a mount point; <paramref name="whyNot"/> then says so in a whole sentence.
    /// </summary>
    public static ExchangeRecord? Plan(TreeStep step, string token, out string? whyNot)
    {
        var live = step.IsWholeListing ? [(step.Root, true)] : Live(step).ToList();
        whyNot = live.Select(one => TreeExchange.WhyNot(one.Item1)).FirstOrDefault(reason => reason is not null);
        return whyNot is null ? TreeExchange.Plan(live, token) : null;
    }

    /// <summary>The same tree under the names that it has until it is exchanged.</summary>
    public static (string Root, IReadOnlyList<TreeStart> Starts) Beside(TreeStep step, ExchangeRecord exchange)
    {
        if (step.IsWholeListing)
        {
            return (exchange.Parts[0].Beside, step.Starts);
        }
        var names = new Queue<string>(exchange.Parts.Select(part => Path.GetFileName(part.Beside)));
        return (step.Root,
        [
            .. step.Starts.Select(start => start.IsFolderAlone ? start : start with { Path = Renamed(start.Path, names.Dequeue()) }),
        ]);
    }

    /// <summary>What stands where the tree goes.</summary>
    public static IEnumerable<string> Standing(TreeStep step) =>
        (step.IsWholeListing ? [step.Root] : Live(step).Select(one => one.Path)).Where(Path.Exists);

    private static IEnumerable<(string Path, bool IsFolder)> Live(TreeStep step) => step.Starts.Where(start => !start.IsFolderAlone)
        .Select(start => ($"{step.Root.TrimEnd('/')}/{Encoding.UTF8.GetString(start.Path.Bytes)}", start.Node.Subtree is not null));

    private static EntryPath Renamed(EntryPath path, string name)
    {
        var slash = path.Bytes.LastIndexOf((byte)'/');
        return new EntryPath([.. path.Bytes[..(slash + 1)], .. Encoding.UTF8.GetBytes(name)]);
    }
}
