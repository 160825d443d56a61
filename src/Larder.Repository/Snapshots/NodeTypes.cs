namespace Larder.Repository.Snapshots;

/// <summary>The words that trees use for the types of nodes.</summary>
internal static class NodeTypes
{
    public static ReadOnlySpan<byte> Word(NodeType type) => type switch
    {
        NodeType.File => "file"u8,
        NodeType.Directory => "dir"u8,
        NodeType.Symlink => "symlink"u8,
        NodeType.BlockDevice => "dev"u8,
        NodeType.CharacterDevice => "chardev"u8,
        NodeType.Fifo => "fifo"u8,
        NodeType.Socket => "socket"u8,
        NodeType.Irregular => "irregular"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "This is not a type of node."),
    };

    public static NodeType? Parse(ReadOnlySpan<byte> word)
    {
        for (var type = NodeType.File; type <= NodeType.Irregular; type++)
        {
            if (word.SequenceEqual(Word(type)))
            {
                return type;
            }
        }
        return null;
    }
}
