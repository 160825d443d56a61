using System.Text;

namespace Larder.Sources.Files;

/// <summary>
/// The configured paths as one tree of names. A node that is configured is read whole; a node that only leads to one is handed over as a
/// folder with those children alone.
/// </summary>
internal sealed class PathPlan
{
    private readonly SortedDictionary<byte[], PathPlan> children = new(Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)));

    public bool IsConfigured { get; private set; }

    public IEnumerable<byte[]> ChildNames => children.Keys;

    public PathPlan? Child(ReadOnlySpan<byte> name) =>
        children.Count > 0 && children.TryGetValue(name.ToArray(), out var child) ? child : null;

    /// <summary>Fails with <see cref="ArgumentException"/> for a path that is relative or climbs by <c>..</c>.</summary>
    public static PathPlan From(IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            throw new ArgumentException("A files source needs at least one path.", nameof(paths));
        }
        var root = new PathPlan();
        foreach (var path in paths)
        {
            var node = root;
            foreach (var name in Names(path))
            {
                if (!node.children.TryGetValue(name, out var child))
                {
                    child = new PathPlan();
                    node.children.Add(name, child);
                }
                node = child;
            }
            node.IsConfigured = true;
        }
        return root;
    }

    /// <summary>The path without empty and <c>.</c> segments; <c>/</c> for the root.</summary>
    public static string Normalize(string path) => "/" + string.Join('/', Names(path).Select(Encoding.UTF8.GetString));

    private static IEnumerable<byte[]> Names(string path)
    {
        if (!path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The path \"{path}\" is not absolute.", nameof(path));
        }
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").ToList();
        if (names.Contains("..", StringComparer.Ordinal))
        {
            throw new ArgumentException($"The path \"{path}\" climbs by \"..\".", nameof(path));
        }
        return names.Select(Encoding.UTF8.GetBytes);
    }
}
