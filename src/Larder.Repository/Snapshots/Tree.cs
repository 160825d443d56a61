using System.Text.Json;

namespace Larder.Repository.Snapshots;

/// <summary>A directory listing, as a tree blob stores it.</summary>
/// <param name="Nodes">What the directory holds; read from a repository, in the order that stands there.</param>
public sealed record Tree(IReadOnlyList<Node> Nodes)
{
    /// <summary>
    /// The plaintext of the tree blob: nodes ascending by the bytes of their names, byte for byte as restic writes it, so that the same
    /// directory has
    /// the same id. Times outside the years 0 to 9999 are moved into them.
    /// </summary>
    /// <exception cref="RepositoryException">Refused: two nodes have one name, or a name cannot be that of a file.</exception>
    public byte[] Encode()
    {
        var nodes = Ascending();
        foreach (var node in nodes)
        {
            if (!IsFileName(node.Name.Bytes))
            {
                throw new RepositoryException(RepositoryError.Refused, $"A tree cannot hold the name \"{node.Name}\".");
            }
        }
        return TreeWriter.Write(nodes);
    }

    /// <summary>
    /// Reads the plaintext of a tree blob of any version of restic. Unknown fields are skipped, among them <c>generic_attributes</c>
    /// (Windows) and
    /// <c>error</c>; times are taken to UTC.
    /// </summary>
    /// <exception cref="RepositoryException">Damaged: the bytes are no tree, or a name in it cannot be that of a file.</exception>
    public static Tree Decode(ReadOnlySpan<byte> json)
    {
        try
        {
            return new Tree(new TreeReader(json).Read());
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException or FormatException)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A tree of {json.Length} bytes is not valid: {cause.Message}", cause);
        }
    }

    /// <summary>A name is a single step of a path: what else could be joined to a target folder and lead out of it.</summary>
    internal static bool IsFileName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8) && !name.ContainsAny((byte)'/', (byte)0);

    private IReadOnlyList<Node> Ascending()
    {
        var isAscending = true;
        for (var i = 1; i < Nodes.Count && isAscending; i++)
        {
            isAscending = Nodes[i - 1].Name.CompareTo(Nodes[i].Name) < 0;
        }
        if (isAscending)
        {
            return Nodes;
        }
        var sorted = Nodes.ToArray();
        Array.Sort(sorted, static (a, b) => a.Name.CompareTo(b.Name));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i - 1].Name == sorted[i].Name)
            {
                throw new RepositoryException(RepositoryError.Refused, $"A tree cannot hold the name \"{sorted[i].Name}\" twice.");
            }
        }
        return sorted;
    }
}
