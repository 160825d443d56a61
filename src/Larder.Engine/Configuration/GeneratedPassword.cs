using System.Security.Cryptography;

namespace Larder.Engine.Configuration;

/// <summary>
/// The password of the repository that variables alone made, where none of them gives one: a random one in a file that only its owner
/// reads. It lies in the state directory and not beside the backups, so that a stolen backup disk is worth nothing.
/// </summary>
public static class GeneratedPassword
{
    public const string FileName = "repository.key";

    private const int RandomBytes = 32;

    /// <summary>
    /// Makes the file where the configuration goes by it, it is missing, and there is no repository yet that an earlier one would belong
    /// to. Fails with <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
    /// </summary>
    /// <returns>Its path, to tell the user of; null where there was nothing to do.</returns>
    public static string? MakeMissing(LarderConfiguration configuration)
    {
        var path = PathIn(configuration.StateDirectory);
        var waits = configuration.File is null && configuration.Repositories.Values.Any(repository =>
            repository is { Password: { Origin: SecretOrigin.File, Reference: { } file }, Location: LocalLocation local }
            && file == path
            && !File.Exists(Path.Combine(local.Path, "config")));
        if (!waits || File.Exists(path))
        {
            return null;
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(RandomBytes)) + "\n"));
        file.Flush(flushToDisk: true);
        return path;
    }

    internal static string PathIn(string stateDirectory) => Path.Combine(stateDirectory, FileName);
}
