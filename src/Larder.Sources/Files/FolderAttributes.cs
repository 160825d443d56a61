using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// The attributes of one folder that was restored under another name: owner, mode, times, extended attributes. A restored folder has
/// those of whoever made it until it gets its own, or without any in the backup those of the folder it replaces.
/// </summary>
public static class FolderAttributes
{
    /// <summary>Last, after all that goes into it. Fails with <see cref="SourceException"/>.</summary>
    /// <returns>What could not be set, such as the owner.</returns>
    public static IReadOnlyList<SourceWarning> Give(string folder, EntryAttributes attributes)
    {
        var warnings = new List<SourceWarning>();
        using var opened = Open(folder);
        new AttributeWriter((path, reason) => warnings.Add(new SourceWarning(path.ToString(), reason)))
            .Apply(new EntryPath(folder), opened.Number, attributes);
        return warnings;
    }

    /// <inheritdoc cref="Give"/>
    public static IReadOnlyList<SourceWarning> Copy(string from, string to)
    {
        using var opened = Open(from);
        var error = -LibcFiles.Stat(opened.Number, out var look);
        if (error != 0)
        {
            throw TargetFailure.At(new EntryPath(from), "The folder cannot be looked at", error);
        }
        return Give(to, new AttributeReader().Read(opened.Number, ".\0"u8, look, out _));
    }

    private static LibcDescriptor Open(string folder)
    {
        var name = LibcFiles.Terminate(Encoding.UTF8.GetBytes(folder));
        var number = LibcFiles.Open(Libc.AtFdCwd, name, Libc.OpenDirectory | Libc.OpenNoFollow);
        return number >= 0
            ? new LibcDescriptor(number)
            : throw TargetFailure.At(new EntryPath(folder), "The folder cannot be opened", -number);
    }
}
