using System.ComponentModel;
using Larder.Sources.Native;

namespace Larder.Sources.Exchanges;

/// <summary>
/// Files and folders that change their names with each other in one folder: the live one, the one beside it, and the old one. From the
/// names, and the <see cref="WholenessNote"/>, it is always known how far an exchange came:
/// <code>
///                       live      beside    old
///   staged              replaced  restored  -
///   exchanged           restored  replaced  -          the note tells it from the line above
///   and kept            restored  -         replaced
/// without an exchange, by two renames:
///   between             -         restored  replaced
/// </code>
/// Failures are those of the file system. Not for concurrent use.
/// </summary>
internal sealed class SiblingNames
{
    /// <summary>What <see cref="ExchangePart.Detail"/> says where the file system cannot exchange two names at one moment.</summary>
    public const string TwoRenames = "renames";

    /// <summary>Behind the name of one file that is being written beside.</summary>
    public const string UnfinishedSuffix = "~";

    private readonly WholenessNote note;
    private readonly Action<string>? afterCall;

    /// <param name="parts">Of the record.</param>
    /// <param name="afterCall">Told of each call that has changed something.</param>
    public SiblingNames(IReadOnlyList<ExchangePart> parts, Action<string>? afterCall)
    {
        Parts = parts;
        this.afterCall = afterCall;
        note = new WholenessNote(parts[0].Beside + ".id");
    }

    public IReadOnlyList<ExchangePart> Parts { get; }

    /// <summary>Changes nothing but for a probe of what the file system can.</summary>
    /// <param name="live">Resolved.</param>
    public static ExchangePart Plan(string live, string kind, string token)
    {
        var beside = LivePath.Beside(live, token);
        var replaces = LibcPath.TryLook(live, out _);
        return new ExchangePart
        {
            Kind = kind,
            Live = live,
            Beside = beside,
            Old = replaces ? beside + "-old" : null,
            Detail = replaces && !LivePath.CanExchange(live) ? TwoRenames : null,
        };
    }

    /// <summary>Notes, durably, that what lies beside is whole and on disk.</summary>
    public void MarkWhole()
    {
        var identities = Parts
            .Select(part => new PartIdentities(FileIdentity.Of(part.Beside), FileIdentity.Of(part.Live)))
            .ToList();
        if (identities.FindIndex(one => one.Restored is null) is var missing and >= 0)
        {
            throw new InvalidOperationException($"Nothing lies at {Parts[missing].Beside}.");
        }
        FlushFolders();
        note.Write(identities);
        Done("mark whole");
    }

    public ExchangeState Look()
    {
        var identities = ReadNote();
        if (identities is null)
        {
            return ExchangeState.Untouched;
        }
        var states = Parts.Select((part, i) => LookAt(part, identities[i])).Distinct().ToList();
        return states switch
        {
            [var only] => only,
            _ when states.Contains(ExchangeState.Between) || states.Contains(ExchangeState.Exchanged) => ExchangeState.Between,
            _ => ExchangeState.Untouched,
        };
    }

    public ExchangeState LookAt(ExchangePart part) =>
        ReadNote() is { } identities ? LookAt(part, identities[IndexOf(part)]) : ExchangeState.Untouched;

    /// <summary>Makes the restored one live and keeps the other; nothing happens where that is done. Not yet durable.</summary>
    /// <param name="beforeKeeping">Called when the names are exchanged and the old one is not yet put aside; what it throws goes on.
    /// </param>
    public async Task PutLiveAsync(ExchangePart part, Func<Task>? beforeKeeping = null)
    {
        switch (LookAt(part))
        {
            case ExchangeState.Untouched:
                throw new InvalidOperationException($"Nothing whole lies beside {part.Live}.");
            case ExchangeState.Beside when part.Old is null:
                Rename(part.Beside, part.Live);
                return;
            case ExchangeState.Beside when part.Detail == TwoRenames:
                Rename(part.Live, part.Old!);
                Rename(part.Beside, part.Live);
                return;
            case ExchangeState.Between:
                Rename(part.Beside, part.Live);
                return;
            case ExchangeState.Beside:
                NoteReplaced(part);
                Exchange(part);
                if (beforeKeeping is not null)
                {
                    await beforeKeeping();
                }
                break;
        }
        if (part.Old is not null && LibcPath.TryLook(part.Beside, out _))
        {
            Rename(part.Beside, part.Old);
        }
    }

    /// <summary>Makes the old one live and puts the restored one beside; nothing happens where that is done. Not yet durable.</summary>
    /// <param name="afterExchange">Called when the names are exchanged; what it throws goes on.</param>
    public async Task PutBackAsync(ExchangePart part, Func<Task>? afterExchange = null)
    {
        var state = LookAt(part);
        if (state is ExchangeState.Untouched or ExchangeState.Beside)
        {
            return;
        }
        var isLive = LibcPath.TryLook(part.Live, out _);
        if (part.Old is null)
        {
            Rename(part.Live, part.Beside);
        }
        else if (state == ExchangeState.Between || !isLive)
        {
            Rename(LibcPath.TryLook(part.Old, out _) ? part.Old : part.Beside, part.Live);
        }
        else if (part.Detail == TwoRenames)
        {
            Rename(part.Live, part.Beside);
            Rename(part.Old, part.Live);
        }
        else
        {
            NoteRestored(part);
            if (LibcPath.TryLook(part.Old, out _))
            {
                Rename(part.Old, part.Beside);
            }
            Exchange(part);
            if (afterExchange is not null)
            {
                await afterExchange();
            }
        }
    }

    /// <summary>The names of a part get each other's file, at one moment.</summary>
    public void Exchange(ExchangePart part)
    {
        if (!LibcPath.TryExchange(part.Beside, part.Live))
        {
            throw new IOException("its file system could exchange two names when the restore was planned, and cannot now.");
        }
        Done($"exchange {part.Live}");
    }

    public void Rename(string from, string to)
    {
        LibcPath.Rename(from, to);
        Done($"rename {from} to {to}");
    }

    /// <summary>
    /// Removes what is not live. First the note: without it nothing counts as whole, so a kill half way leaves nothing that could be
    /// mistaken for the old data.
    /// </summary>
    /// <param name="remove">Removes what lies at a path, where something does.</param>
    public void Forget(Action<string> remove)
    {
        foreach (var part in Parts.Where(part => part.Old is not null && Stands(part.Old) && !Stands(part.Live)))
        {
            throw new SourceException(
                SourceError.TargetFailed,
                $"Nothing stands at {part.Live}, and what stood there before the restore is all there is: {part.Old} is not removed.");
        }
        note.Remove();
        Done("remove the note");
        foreach (var part in Parts)
        {
            foreach (var path in new[] { part.Beside, part.Beside + UnfinishedSuffix, part.Old }.OfType<string>())
            {
                remove(path);
                Done($"remove {path}");
            }
        }
        FlushFolders();
    }

    /// <summary>Makes all names durable.</summary>
    public void FlushFolders()
    {
        foreach (var folder in Parts.Select(part => Path.GetDirectoryName(part.Live)!).Distinct().Where(Directory.Exists))
        {
            LibcPath.FlushFolder(folder);
        }
    }

    public void Done(string call) => afterCall?.Invoke(call);

    /// <summary>Gives a failure of the file system its meaning. <paramref name="what"/>: <c>/srv/app cannot be exchanged</c>.</summary>
    public static SourceException Describe(string what, Exception error)
    {
        // .NET's own failures carry the error number as their HResult.
        var number = (error.InnerException as Win32Exception)?.NativeErrorCode ?? error.HResult;
        var kind = number switch
        {
            LibcError.NoSpace or LibcError.QuotaExceeded => SourceError.TargetFull,
            LibcError.Busy or LibcError.TextBusy => SourceError.TargetBusy,
            LibcError.Exists or LibcError.NotEmpty => SourceError.TargetExists,
            _ => SourceError.TargetFailed,
        };
        var hint = number == LibcError.OtherFileSystem
            ? " A folder that came with a container's image cannot be renamed: restore in place, or keep the data on a volume."
            : "";
        return new SourceException(kind, $"{what}: {error.Message}{hint}", error);
    }

    private static bool Stands(string path) => LibcPath.TryLook(path, out _);

    private static ExchangeState LookAt(ExchangePart part, PartIdentities identities)
    {
        var beside = FileIdentity.Of(part.Beside);
        if (part.Old is null)
        {
            return beside is not null ? ExchangeState.Beside : Stands(part.Live) ? ExchangeState.Exchanged : ExchangeState.Untouched;
        }
        if (Stands(part.Old))
        {
            return beside is null ? ExchangeState.Exchanged : ExchangeState.Between;
        }
        if (beside is not { } lying)
        {
            return ExchangeState.Untouched;
        }
        if (part.Detail == TwoRenames || lying.Is(identities.Restored))
        {
            return ExchangeState.Beside;
        }
        if (lying.Is(identities.Replaced) || (FileIdentity.Of(part.Live)?.Is(identities.Restored) ?? false))
        {
            return ExchangeState.Exchanged;
        }
        throw new IOException(
            $"which of {part.Live} and {part.Beside} is the restored one cannot be told: both have been replaced since. Look at them, "
            + "keep the right one as the first, and remove the other.");
    }

    private IReadOnlyList<PartIdentities>? ReadNote()
    {
        var identities = note.Read();
        return identities is null || identities.Count == Parts.Count
            ? identities
            : throw new IOException($"the note beside {Parts[0].Live} is of another restore.");
    }

    /// <summary>A program may have put another file in the place of the one that was there when the note was written.</summary>
    private void NoteReplaced(ExchangePart part)
    {
        var live = FileIdentity.Of(part.Live)
            ?? throw new IOException("what was to be replaced is gone. Plan the restore again.");
        Amend(part, one => one.Replaced?.Is(live) ?? false ? one : one with { Replaced = live });
    }

    private void NoteRestored(ExchangePart part)
    {
        var live = FileIdentity.Of(part.Live)!.Value;
        var old = FileIdentity.Of(part.Old!) ?? FileIdentity.Of(part.Beside)!.Value;
        Amend(part, one => (one.Restored?.Is(live) ?? false) && (one.Replaced?.Is(old) ?? false) ? one : new PartIdentities(live, old));
    }

    private void Amend(ExchangePart part, Func<PartIdentities, PartIdentities> change)
    {
        var identities = ReadNote()!.ToList();
        var index = IndexOf(part);
        var changed = change(identities[index]);
        if (changed != identities[index])
        {
            identities[index] = changed;
            note.Write(identities);
            Done("note what is live");
        }
    }

    private int IndexOf(ExchangePart part)
    {
        for (var i = 0; i < Parts.Count; i++)
        {
            if (Parts[i].Beside == part.Beside)
            {
                return i;
            }
        }
        throw new ArgumentException($"{part.Beside} is no part of this exchange.", nameof(part));
    }
}
