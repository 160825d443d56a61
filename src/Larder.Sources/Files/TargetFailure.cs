using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>Gives an error number at the target its place among <see cref="SourceError"/>.</summary>
internal static class TargetFailure
{
    public static SourceException At(EntryPath path, string what, int error)
    {
        var kind = error switch
        {
            LibcError.NoSpace or LibcError.QuotaExceeded => SourceError.TargetFull,
            LibcError.Exists or LibcError.IsDirectory or LibcError.NotDirectory or LibcError.NotEmpty or LibcError.TooManyLinks
                => SourceError.TargetExists,
            LibcError.Busy or LibcError.TextBusy => SourceError.TargetBusy,
            _ => SourceError.TargetFailed,
        };
        // ELOOP reads "Too many levels of symbolic links", which nobody would understand of one that is simply not followed.
        var reason = error == LibcError.TooManyLinks ? "a symlink stands there, and none is followed" : LibcError.Describe(error);
        return new SourceException(kind, $"{what} at \"{path}\": {reason}.");
    }
}
