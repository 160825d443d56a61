using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Exchanges;

/// <summary>
/// A small file beside what was restored. That it is there says that all of it is whole; what is in it says which of two names has the
/// restored one, for an exchange leaves both names in place. One line for each part: the restored one's identity and that of the one it
/// replaces, <c>INODE:BIRTH INODE:BIRTH</c>, with <c>-</c> for none.
/// </summary>
internal sealed class WholenessNote(string path)
{
    private const string FirstLine = "larder exchange 1";

    private string Unfinished => path + "~";

    /// <summary>Null where there is none.</summary>
    public IReadOnlyList<PartIdentities>? Read()
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        if (lines.Length == 0 || lines[0] != FirstLine)
        {
            throw new IOException($"{path} is not what a restore writes.");
        }
        try
        {
            return [.. lines.Skip(1).Select(PartIdentities.Parse)];
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException or OverflowException)
        {
            throw new IOException($"{path} is not what a restore writes.", e);
        }
    }

    /// <summary>Whole and durable when this returns, in the place of an older one.</summary>
    public void Write(IEnumerable<PartIdentities> parts)
    {
        var content = Encoding.UTF8.GetBytes(string.Join('\n', [FirstLine, .. parts.Select(part => part.ToString())]) + "\n");
        File.Delete(Unfinished); // A killed process's; or a symlink of somebody who may write here, who must not lead us elsewhere.
        using (var file = new FileStream(Unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(Unfinished, path, overwrite: true);
        LibcPath.FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Durably. Where there is none, nothing happens.</summary>
    public void Remove()
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            return;
        }
        File.Delete(path);
        File.Delete(Unfinished);
        LibcPath.FlushFolder(folder);
    }
}

/// <summary>Which one is the restored one and which the replaced, as far as there is one.</summary>
internal readonly record struct PartIdentities(FileIdentity? Restored, FileIdentity? Replaced)
{
    public static PartIdentities Parse(string line)
    {
        var words = line.Split(' ');
        return new PartIdentities(ParseOne(words[0]), ParseOne(words[1]));
    }

    public override string ToString() => $"{Restored?.ToString() ?? "-"} {Replaced?.ToString() ?? "-"}";

    private static FileIdentity? ParseOne(string word) => word == "-" ? null : FileIdentity.Parse(word);
}
