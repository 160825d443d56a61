using System.Security.Cryptography;
using System.Text;
using Larder.Sources.Files;

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
        var password = Convert.ToBase64String(RandomNumberGenerator.GetBytes(RandomBytes)) + "\n";
        DurableFile.CreatePrivate(path, Encoding.ASCII.GetBytes(password)); // The repository made next can be opened with nothing else.
        return path;
    }

    internal static string PathIn(string stateDirectory) => Path.Combine(stateDirectory, FileName);
}
