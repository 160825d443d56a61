namespace Larder.Engine.Configuration;

/// <summary>
/// Secrets that systemd hands to a service (<c>LoadCredential=</c>): copies of the files that the configuration names, in a folder that
/// only the service can read. They are named after the files, so the configuration need not know of them.
/// </summary>
public static class CredentialFiles
{
    private const string Variable = "CREDENTIALS_DIRECTORY";

    /// <summary>What the copy of a file is called: <c>etc-larder-repository.key</c>.</summary>
    public static string NameOf(string path) => string.Concat(
        Path.GetFullPath(path).Trim('/').Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' ? letter : '-'));

    /// <summary>The copy where systemd handed one over, else the file itself.</summary>
    public static string Find(string path) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder && Path.Combine(folder, NameOf(path)) is var copy
            && File.Exists(copy)
            ? copy
            : path;
}
