using System.Runtime.CompilerServices;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// One walk over the configured paths, depth first and in byte order of names. Only the folders on the way down are open at once,
/// and only their names are in memory.
/// </summary>
internal sealed class FilesSession : ISourceSession
{
    private readonly FilesSettings settings;
    private readonly PathPlan plan;
    private readonly ExcludeRules rules;
    private readonly AttributeReader attributes = new();
    private readonly List<SourceWarning> warnings = [];
    private readonly Stack<OpenFolder> folders = new();
    private readonly HashSet<(ulong Device, ulong Inode)> excluded = [];
    private readonly byte[] listing = new byte[65536];
    private readonly uint user = Libc.EffectiveUser();
    private bool isReadToEnd;

    public FilesSession(FilesSettings settings, PathPlan plan, SourceDescription description)
    {
        this.settings = settings;
        this.plan = plan;
        rules = new ExcludeRules(settings.Exclude);
        Description = description;
        foreach (var path in settings.ExcludePaths)
        {
            // Known by device and inode, so it is recognised under another path too. What does not exist needs no excluding.
            var number = LibcFiles.Open(Libc.AtFdCwd, LibcFiles.Terminate(Encoding.UTF8.GetBytes(path)), Libc.OpenPathOnly);
            using var descriptor = new LibcDescriptor(number);
            if (number >= 0 && LibcFiles.Stat(number, out var look) == 0)
            {
                excluded.Add((look.Device, look.Inode));
            }
        }
    }

    public SourceDescription Description { get; }

    public async IAsyncEnumerable<SourceEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        folders.Push(OpenRoot());
        while (folders.TryPeek(out var folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!folder.MoveNext())
            {
                folders.Pop().Dispose();
                continue;
            }
            if (Look(folder) is { } entry)
            {
                yield return entry;
            }
        }
        isReadToEnd = true;
    }

    public Task<SourceOutcome> CompleteAsync(CancellationToken cancellationToken) => isReadToEnd
        ? Task.FromResult(new SourceOutcome { Warnings = [.. warnings] })
        : throw new InvalidOperationException("The entries were not read to their end.");

    public ValueTask DisposeAsync()
    {
        while (folders.TryPop(out var folder))
        {
            folder.Dispose();
        }
        return ValueTask.CompletedTask;
    }

    private OpenFolder OpenRoot()
    {
        var flags = Libc.OpenDirectory | (plan.IsConfigured ? Libc.OpenReadOnly : Libc.OpenPathOnly);
        var descriptor = new LibcDescriptor(LibcFiles.Open(Libc.AtFdCwd, "/\0"u8, flags));
        if (descriptor.IsInvalid || LibcFiles.Stat(descriptor.Number, out var look) != 0)
        {
            throw new SourceException(SourceError.Unreachable, "The folder \"/\" cannot be opened.");
        }
        var names = plan.IsConfigured ? DirectoryNames.Read(descriptor.Number, listing, out _) : DirectoryNames.From(plan.ChildNames);
        return new OpenFolder(descriptor, default, names)
        {
            Plan = plan,
            RuleOffset = plan.IsConfigured ? 0 : null,
            Device = look.Device,
        };
    }

    /// <summary>
    /// Looks at the folder's current name. Null where it is left out. A folder is opened and becomes the next to be read.
    /// </summary>
    private SourceEntry? Look(OpenFolder parent)
    {
        var name = parent.Name;
        var planned = parent.Plan?.Child(name[..^1]);
        var isConfigured = planned?.IsConfigured ?? false;
        if (!settings.IncludeGit && !isConfigured && planned is null && name.SequenceEqual(".git\0"u8))
        {
            return null;
        }

        var path = parent.Path.Append(name[..^1]);
        var error = -LibcFiles.Stat(parent.Descriptor.Number, name, out var look);
        if (error != 0)
        {
            var vanished = error == LibcError.NotFound;
            Warn(path, vanished ? "It vanished before it was read." : $"It cannot be looked at: {LibcError.Describe(error)}.");
            return null;
        }
        if (excluded.Contains((look.Device, look.Inode)))
        {
            return null;
        }

        // Where a configured path begins, patterns begin anew: they are relative to it, and what is asked for by name is not excluded.
        var ruleOffset = isConfigured ? path.Bytes.Length + 1 : parent.RuleOffset;
        if (!isConfigured && ruleOffset is { } offset && rules.IsExcluded(path.Bytes[offset..], look.IsDirectory))
        {
            if (planned is null)
            {
                return null;
            }
            ruleOffset = null; // Only the configured paths below an excluded folder are read.
        }

        if (ruleOffset is null)
        {
            return LookAtWay(parent, path, planned!);
        }
        if (isConfigured && look.Type == LibcStatx.TypeSymlink)
        {
            Warn(path, "This configured path is a symlink: the link is kept, and what it points to is not.");
        }

        var entryAttributes = attributes.Read(parent.Descriptor.Number, name, look, out error);
        if (error != 0)
        {
            Warn(path, $"Its extended attributes or link target cannot be read whole: {LibcError.Describe(error)}.");
        }
        if (look.IsDirectory)
        {
            EnterFolder(parent, path, planned, ruleOffset, look, isConfigured);
        }
        return new SourceEntry
        {
            Path = path,
            Attributes = entryAttributes,
            OpenContent = look.IsFile ? _ => ValueTask.FromResult<Stream>(OpenContent(parent, path, look)) : null,
        };
    }

    /// <summary>
    /// A folder that only leads to a configured path. Symlinks are followed here, as the person who wrote the path meant; the folder needs
    /// no permission to be listed.
    /// </summary>
    private SourceEntry? LookAtWay(OpenFolder parent, EntryPath path, PathPlan planned)
    {
        var descriptor = new LibcDescriptor(
            LibcFiles.Open(parent.Descriptor.Number, parent.Name, Libc.OpenPathOnly | Libc.OpenDirectory));
        var look = default(LibcStatx);
        var error = descriptor.IsInvalid ? -descriptor.Number : -LibcFiles.Stat(descriptor.Number, out look);
        if (error == 0)
        {
            var names = DirectoryNames.From(planned.ChildNames);
            folders.Push(new OpenFolder(descriptor, path, names) { Plan = planned, Device = look.Device });
            return new SourceEntry { Path = path, Attributes = attributes.Read(descriptor.Number, ".\0"u8, look, out _) };
        }
        descriptor.Dispose();
        Warn(path, $"The folder on the way to a configured path cannot be opened: {LibcError.Describe(error)}.");
        return null;
    }

    private void EnterFolder(OpenFolder parent, EntryPath path, PathPlan? planned, int? ruleOffset, in LibcStatx look, bool isConfigured)
    {
        if (settings.OneFileSystem && !isConfigured && look.Device != parent.Device && planned is null)
        {
            return;
        }
        var flags = Libc.OpenDirectory | Libc.OpenNoFollow;
        var number = user == 0 || user == look.Uid
            ? LibcFiles.OpenQuietly(parent.Descriptor.Number, parent.Name, flags)
            : LibcFiles.Open(parent.Descriptor.Number, parent.Name, flags);
        if (number < 0)
        {
            Warn(path, $"The folder cannot be listed, so what it contains is left out: {LibcError.Describe(-number)}.");
            return;
        }
        var descriptor = new LibcDescriptor(number);
        var names = DirectoryNames.Read(number, listing, out var error);
        if (error != 0)
        {
            Warn(path, $"The folder could be listed only in part: {LibcError.Describe(error)}.");
        }
        folders.Push(new OpenFolder(descriptor, path, names) { Plan = planned, RuleOffset = ruleOffset, Device = look.Device });
    }

    private FileContentStream OpenContent(OpenFolder parent, EntryPath path, LibcStatx look)
    {
        // Not to be held up by a pipe that took the file's place, nor led away by a symlink.
        var flags = Libc.OpenNoFollow | Libc.OpenNonBlocking;
        var number = user == 0 || user == look.Uid
            ? LibcFiles.OpenQuietly(parent.Descriptor.Number, parent.Name, flags)
            : LibcFiles.Open(parent.Descriptor.Number, parent.Name, flags);
        if (number < 0)
        {
            throw number is -LibcError.NotFound
                ? Skip(path, SourceError.EntryVanished, "It vanished before it was read.")
                : number is -LibcError.TooManyLinks or -LibcError.NoDeviceOrAddress
                    ? Skip(path, SourceError.EntryVanished, "It was replaced by something that is no file before it was read.")
                    : Skip(path, SourceError.EntryUnreadable, $"It cannot be opened: {LibcError.Describe(-number)}.");
        }
        var descriptor = new LibcDescriptor(number);
        var error = -LibcFiles.Stat(number, out var opened);
        if (error != 0 || !opened.IsFile)
        {
            descriptor.Dispose();
            throw Skip(path, SourceError.EntryVanished, "It was replaced by something that is no file before it was read.");
        }
        return new FileContentStream(
            descriptor,
            look,
            opened,
            () => Warn(path, "It changed while it was read."),
            unreadable => Skip(path, SourceError.EntryUnreadable, $"It cannot be read: {LibcError.Describe(unreadable)}."));
    }

    private SourceException Skip(EntryPath path, SourceError error, string reason)
    {
        Warn(path, reason);
        return new SourceException(error, $"The file \"/{path}\" is left out. {reason}");
    }

    private void Warn(EntryPath path, string reason) => warnings.Add(new SourceWarning(path.ToString(), reason));

    /// <summary>A folder on the way down, with the names still to come.</summary>
    private sealed class OpenFolder(LibcDescriptor descriptor, EntryPath path, DirectoryNames names) : IDisposable
    {
        private int current = -1;

        public LibcDescriptor Descriptor => descriptor;

        public EntryPath Path => path;

        public PathPlan? Plan { get; init; }

        /// <summary>Where in a path the part begins that exclude patterns see; null on the way to a configured path.</summary>
        public int? RuleOffset { get; init; }

        public ulong Device { get; init; }

        /// <summary>With its NUL.</summary>
        public ReadOnlySpan<byte> Name => names[current];

        public bool MoveNext() => ++current < names.Count;

        public void Dispose() => descriptor.Dispose();
    }
}
