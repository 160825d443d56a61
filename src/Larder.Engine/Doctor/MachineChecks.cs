using System.Runtime.InteropServices;
using Larder.Engine.Configuration;
using Larder.Engine.Doctor.Native;
using Larder.Engine.Errors;
using Larder.Sources;
using Larder.Sources.Tools;

namespace Larder.Engine.Doctor;

/// <summary>What Larder needs of the machine: libraries, programs, room, a clock that is not from the past, a terminal.</summary>
internal sealed class MachineChecks(DoctorSurroundings surroundings)
{
    private const long TemporaryBytesMin = 1L << 30;
    private static readonly TimeSpan ProgramTimeout = TimeSpan.FromSeconds(10);

    // No machine that runs this was set up before; a clock without a battery starts in 1970 or 2000.
    private static readonly DateTimeOffset EarliestNow = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public IEnumerable<DoctorCheck> Libraries()
    {
        yield return Library(
            "libzstd.so.1", "ZSTD_versionString", DoctorStatus.Problem, "Install the package libzstd1 (Debian) or libzstd.");
        yield return Library(
            "libcrypto.so.3",
            "OpenSSL_version",
            DoctorStatus.Warning,
            "Install the package libssl3; without it, slower code of Larder's own is used.");
        yield return Library(
            "libsqlite3.so.0", "sqlite3_libversion", DoctorStatus.Problem, "Install the package libsqlite3-0 (Debian) or sqlite.");
        if (Uses<MongoDbSourceSettings>())
        {
            yield return Library(
                "libmongoc-1.0.so.0",
                "mongoc_get_version",
                DoctorStatus.Problem,
                "Install the package libmongoc-1.0-0 (Debian) or mongo-c-driver; MongoDB is read and restored with it.");
        }
    }

    public async Task<IReadOnlyList<DoctorCheck>> ProgramsAsync(CancellationToken cancellationToken)
    {
        var checks = new List<DoctorCheck> { await ResticAsync(cancellationToken) };
        checks.AddRange(ClientPrograms());
        var needed = Uses<CommandSourceSettings>() || Uses<FilesSourceSettings>() || Uses<PostgreSqlSourceSettings>()
            || Uses<MySqlSourceSettings>();
        if (needed && Find("setsid") is null)
        {
            checks.Add(new DoctorCheck
            {
                Area = "programs",
                Subject = "setsid",
                Status = DoctorStatus.Problem,
                Message = "The program setsid is not installed; commands are started with it.",
                Advice = "Install the package util-linux.",
            });
        }
        return checks;
    }

    /// <summary>Whether they are there at all; whether they fit the server is said by the source's own check.</summary>
    private IEnumerable<DoctorCheck> ClientPrograms()
    {
        if (Uses<PostgreSqlSourceSettings>())
        {
            yield return Client(
                "pg_dump",
                PostgreSqlVersionFolders().Select(folder => Path.Combine(folder, "bin", "pg_dump")).Where(File.Exists),
                "Install the package postgresql-client of the server's version or a newer one, such as postgresql-client-15.");
        }
        if (Uses<MySqlSourceSettings>())
        {
            yield return Client(
                "mariadb-dump or mysqldump",
                new[] { "mariadb-dump", "mysqldump" }.Select(Find).OfType<string>().Take(1),
                "Install the package mariadb-client, or MySQL's own for a MySQL server.");
        }
    }

    private DoctorCheck Client(string name, IEnumerable<string> found, string advice)
    {
        List<string> paths = [.. found.Concat(new[] { Find(name) }.OfType<string>()).Distinct(StringComparer.Ordinal)];
        return new DoctorCheck
        {
            Area = "programs",
            Subject = name,
            Status = paths.Count > 0 ? DoctorStatus.Ok : DoctorStatus.Problem,
            Message = paths.Count > 0
                ? $"{string.Join(", ", paths)}."
                : $"The program {name} is not installed; the configured database is dumped with it.",
            Advice = paths.Count > 0 ? null : advice,
        };
    }

    private static IEnumerable<string> PostgreSqlVersionFolders() =>
        Folders("/usr/lib/postgresql", "*").Concat(Folders("/usr", "pgsql-*")).Order(StringComparer.Ordinal);

    private static string[] Folders(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern) : [];

    private bool Uses<T>()
        where T : SourceSettings =>
        surroundings.Context?.Configuration.Jobs.Values.SelectMany(job => job.Sources).OfType<T>().Any() ?? false;

    public IEnumerable<DoctorCheck> Machine()
    {
        yield return Temporary();
        var now = surroundings.Clock.GetUtcNow();
        yield return new DoctorCheck
        {
            Area = "machine",
            Subject = "clock",
            Status = now < EarliestNow ? DoctorStatus.Problem : DoctorStatus.Ok,
            Message = $"The clock says {now:yyyy-MM-dd HH:mm:ss} UTC.",
            Advice = now < EarliestNow ? "Set the clock, and let it be kept by NTP: retention and schedules count on it." : null,
        };
        yield return new DoctorCheck
        {
            Area = "machine",
            Subject = "system",
            Status = DoctorStatus.Ok,
            Message = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} "
                + $"processors, {RuntimeInformation.FrameworkDescription}.",
        };
    }

    public DoctorCheck Terminal()
    {
        var terminal = surroundings.Terminal;
        if (!terminal.IsTerminal)
        {
            return new DoctorCheck
            {
                Area = "terminal",
                Status = DoctorStatus.Ok,
                Message = "Progress does not go to a terminal, so it is written as quiet lines.",
            };
        }
        var isUtf8 = terminal.Encoding is null
            || terminal.Encoding.Replace("-", "", StringComparison.Ordinal).Equals("utf8", StringComparison.OrdinalIgnoreCase);
        return new DoctorCheck
        {
            Area = "terminal",
            Status = isUtf8 ? DoctorStatus.Ok : DoctorStatus.Warning,
            Message = $"The terminal is {terminal.Kind ?? "of an unknown kind"}"
                + (terminal.Columns is { } columns ? $", {columns} columns wide" : "")
                + $"{(terminal.Encoding is { } encoding ? $", with {encoding}" : "")}.",
            Advice = isUtf8 ? null : "Set LANG to a locale with UTF-8; names of files may be shown wrongly otherwise.",
        };
    }

    private static DoctorCheck Library(string library, string function, DoctorStatus missing, string advice)
    {
        var version = SystemLibrary.FindVersion(library, function);
        return new DoctorCheck
        {
            Area = "libraries",
            Subject = library,
            Status = version is null ? missing : DoctorStatus.Ok,
            Message = version is null ? $"{library} cannot be loaded." : $"{library} is {version}.",
            Advice = version is null ? advice : null,
        };
    }

    private async Task<DoctorCheck> ResticAsync(CancellationToken cancellationToken)
    {
        var check = new DoctorCheck { Area = "programs", Subject = "restic", Status = DoctorStatus.Ok, Message = "" };
        if (Find("restic") is not { } path)
        {
            return check with
            {
                Message = "restic is not installed. Larder does not need it; with it, backups can be restored without Larder.",
            };
        }
        try
        {
            await using var process = ToolProcess.Start(
                new ToolStart { Program = path, Arguments = ["version"], ShownName = "restic version", Timeout = ProgramTimeout },
                surroundings.Clock);
            using var reader = new StreamReader(process.Output.AsStream());
            var said = (await reader.ReadToEndAsync(cancellationToken)).Trim();
            await process.CompleteAsync(cancellationToken);
            return check with { Message = $"{path} is {said}." };
        }
        catch (SourceException e)
        {
            return check with
            {
                Status = DoctorStatus.Warning,
                Message = $"{path} does not run: {e.Message}",
                Advice = "Install restic anew, or remove it.",
            };
        }
    }

    private string? Find(string program) => surroundings.SearchPath
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private DoctorCheck Temporary()
    {
        var folder = surroundings.TemporaryFolder;
        var check = new DoctorCheck { Area = "machine", Subject = "temporary folder", Status = DoctorStatus.Ok, Message = "" };
        try
        {
            var freeBytes = Directory.Exists(folder)
                ? new DriveInfo(folder).AvailableFreeSpace
                : throw new DirectoryNotFoundException("it does not exist");

            // A database is copied there whole before it is read, so its file tells what is needed.
            var neededBytes = Math.Max(TemporaryBytesMin, LargestDatabase());
            return freeBytes >= neededBytes
                ? check with { Message = $"{folder} has {ByteSize.Format(freeBytes)} free." }
                : check with
                {
                    Status = DoctorStatus.Warning,
                    Message = $"{folder} has {ByteSize.Format(freeBytes)} free; {ByteSize.Format(neededBytes)} are wanted for copies of "
                        + "databases.",
                    Advice = "Make room there, or set TMPDIR to a larger folder.",
                };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return check with
            {
                Status = DoctorStatus.Problem,
                Message = $"The folder for temporary files {folder} cannot be used: {ErrorTable.Describe(e).Message}",
                Advice = "Set TMPDIR to a folder that this user may write to.",
            };
        }
    }

    private long LargestDatabase() => (surroundings.Context?.Configuration.Jobs.Values ?? [])
        .SelectMany(job => job.Sources)
        .OfType<SqliteSourceSettings>()
        .Select(source => new FileInfo(source.Path))
        .Where(file => file.Exists)
        .Select(file => file.Length)
        .DefaultIfEmpty()
        .Max();
}
