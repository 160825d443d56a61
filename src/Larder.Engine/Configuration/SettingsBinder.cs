using Larder.Engine.Retention;

namespace Larder.Engine.Configuration;

/// <summary>
/// Makes the records from values that were found right. Called only when there is no problem, so what the schema requires is there.
/// </summary>
internal static class SettingsBinder
{
    public static LarderConfiguration Bind(ObjectValue root, string? file, string defaultStateDirectory)
    {
        var repositories = Map(root.Named("repositories"), Repository);
        var state = root.Get<string>("state_directory") ?? defaultStateDirectory;
        var catalog = root.Object("catalog");
        return new LarderConfiguration
        {
            File = file,
            Repositories = repositories,
            Jobs = Map(root.Named("jobs"), (name, value) => Job(name, value, [.. repositories.Keys])),
            Alerts = [.. root.List("alerts").Cast<ObjectValue>().Select(AlertBinder.Alert)],
            Monitor = AlertBinder.Monitor(root.Object("monitor")),
            Logs = AlertBinder.Logs(root.Object("logs"), state),
            Http = AccessBinder.Http(root.Object("http")),
            Access = AccessBinder.Access(root.Object("access")),
            StateDirectory = state,
            CatalogPath = catalog?.Get<string>("path") ?? Path.Combine(state, "catalog.db"),
            CatalogUrl = catalog?.Get<Secret>("url"),
            Serve = Serve(root.Object("serve")),
        };
    }

    private static ServeSettings Serve(ObjectValue? value)
    {
        var byDefault = new ServeSettings();
        return value is null ? byDefault : byDefault with
        {
            Listen = value.List("listen") is { Count: > 0 } listen
                ? [.. listen.Cast<ScalarValue>().Select(item => (System.Net.IPEndPoint)item.Value)]
                : byDefault.Listen,
            ParallelRunsMax = value.GetStruct<int>("max_parallel_runs")!.Value,
            StopWait = value.GetStruct<TimeSpan>("stop_wait")!.Value,
        };
    }

    private static RepositorySettings Repository(string name, ObjectValue value) => new()
    {
        Name = name,
        Location = Location(value),
        Password = value.Get<Secret>("password")!,
    };

    private static RepositoryLocation Location(ObjectValue value)
    {
        if (value.Object("s3") is { } s3)
        {
            return new S3Location
            {
                Endpoint = s3.Get<string>("endpoint")!,
                Bucket = s3.Get<string>("bucket")!,
                Prefix = s3.Get<string>("prefix"),
                Region = s3.Get<string>("region")!,
                AccessKey = s3.Get<Secret>("access_key"),
                SecretKey = s3.Get<Secret>("secret_key"),
            };
        }

        if (value.Object("rest") is { } rest)
        {
            return new RestLocation { Url = rest.Get<string>("url")!, User = rest.Get<string>("user"),
                Password = rest.Get<Secret>("password") };
        }

        if (value.Object("rclone") is { } rclone)
        {
            return new RcloneLocation(rclone.Get<string>("remote")!, rclone.Get<string>("program")!);
        }

        return new LocalLocation(value.Get<string>("path")!);
    }

    private static JobSettings Job(string name, ObjectValue value, IReadOnlyList<string> repositories) => new()
    {
        Name = name,
        Sources = [.. value.Named("sources").Select(item => Source(item.Name, (ObjectValue)item.Value))],
        To = value.Texts("to") is { Count: > 0 } to ? [.. to.Distinct(StringComparer.Ordinal)] : repositories,
        Schedule = [.. value.List("schedule").Cast<ObjectValue>().Select(item => new ScheduleSettings
        {
            Cron = item.Get<CronExpression>("cron")!,
            Only = item.Texts("only"),
            Cleanup = item.GetStruct<bool>("cleanup"),
        })],
        Cleanup = value.Object("cleanup") is { } cleanup ? new CleanupSettings(cleanup.Get<CronExpression>("cron")!) : null,
        Jitter = value.GetStruct<TimeSpan>("jitter") ?? TimeSpan.Zero,
        Priority = value.GetStruct<int>("priority")!.Value,
        Retry = value.Object("retry") is not { } retry ? new RetrySettings() : new RetrySettings
        {
            Times = retry.GetStruct<int>("times")!.Value,
            Wait = retry.GetStruct<TimeSpan>("wait")!.Value,
        },
        Keep = Keep(value.Object("keep")),
        KeepByRepository = Map(value.Object("keep")?.Named("repositories") ?? [], (_, keep) => Keep(keep)),
        Drill = value.Object("drill") is not { } drill ? null : new DrillSettings
        {
            Cron = drill.Get<CronExpression>("cron"),
            Assertions = [.. drill.List("assert").Cast<ObjectValue>().Select(Assertion)],
            Servers = Map(drill.Named("servers"), (_, server) => server.Get<Secret>("url")!),
            Programs = new[] { "postgresql", "mongodb", "mysql" }
                .Select(kind => (Kind: kind, Folder: drill.Object("programs")?.Get<string>(kind)))
                .Where(program => program.Folder is not null)
                .ToDictionary(program => program.Kind, program => program.Folder!, StringComparer.Ordinal),
            Folder = drill.Get<string>("folder"),
        },
        Service = Service(value.Object("service")),
        Hooks = value.Object("hooks") is not { } hooks ? new HookSettings() : new HookSettings
        {
            Before = hooks.Texts("before"),
            After = hooks.Texts("after"),
            OnFailure = hooks.Texts("on_failure"),
        },
        CompressionLevel = value.GetStruct<int>("compression")!.Value,
        ChunkBytes = value.GetStruct<int>("chunk_size"),
        Timeout = value.GetStruct<TimeSpan>("timeout"),
        Description = value.Get<string>("description"),
        Tags = value.Texts("tags"),
        TimeZone = value.Get<TimeZoneInfo>("time_zone")!,
        Verify = value.Object("verify") is not { } verify ? null : new VerifySettings
        {
            Cron = verify.Get<CronExpression>("cron"),
            Level = verify.Get<string>("level")!,
            Subset = verify.Get<string>("subset"),
        },
        Monitor = AlertBinder.Monitor(value.Object("monitor")),
        KeepSafety = value.GetStruct<TimeSpan>("keep_safety")!.Value,
        Environments = Map(value.Named("environments"), (environment, item) => new EnvironmentSettings
        {
            Name = environment,
            Targets = Map(item.Named("targets"), (_, target) =>
                new TargetSettings { Url = target.Get<Secret>("url"), Path = target.Get<string>("path") }),
            Service = Service(item.Object("service")),
        }),
        Sync = value.Object("sync") is not { } sync ? null : new SyncSettings
        {
            Source = sync.Get<string>("source")!,
            Remote = sync.Get<Secret>("remote")!,
            Field = sync.Get<string>("field")!,
            Exclude = sync.Texts("exclude"),
        },
        Purge = value.Object("purge") is not { } purge ? null : new PurgeSettings
        {
            Source = purge.Get<string>("source")!,
            Always = purge.Texts("always"),
            Confirm = purge.Texts("confirm"),
        },
    };

    private static DrillAssertion Assertion(ObjectValue value)
    {
        var kind = value.Get<string>("sql") is not null ? DrillAssertionKind.Sql
            : value.Get<string>("command") is not null ? DrillAssertionKind.Command : DrillAssertionKind.Shell;
        var key = kind.ToString().ToLowerInvariant();
        var text = value.Get<string>(key)!;
        return new DrillAssertion(value.Get<string>("source")!, kind, text, value.Get<string>("database"))
        {
            Shown = value.Find(key)?.Node is { Variable: null } node ? node.Text : text,
        };
    }

    private static SourceSettings Source(string name, ObjectValue value)
    {
        var timeout = value.GetStruct<TimeSpan>("timeout");
        if (value.Object("postgresql") is { } postgresql)
        {
            return new PostgreSqlSourceSettings
            {
                Name = name,
                Timeout = timeout,
                Server = Server(postgresql),
                Databases = Databases(postgresql),
                Globals = postgresql.GetStruct<bool>("globals")!.Value,
                Exclude = postgresql.Texts("exclude"),
            };
        }

        if (value.Object("mongodb") is { } mongodb)
        {
            return new MongoDbSourceSettings
            {
                Name = name,
                Timeout = timeout,
                Url = mongodb.Get<Secret>("url")!,
                Databases = Databases(mongodb),
                Exclude = mongodb.Texts("exclude"),
                ReadPreference = mongodb.Get<string>("read_preference")!,
            };
        }

        if (value.Object("mysql") is { } mysql)
        {
            return new MySqlSourceSettings
            {
                Name = name,
                Timeout = timeout,
                Server = Server(mysql),
                Databases = Databases(mysql),
                Exclude = mysql.Texts("exclude"),
            };
        }

        if (value.Object("sqlite") is { } sqlite)
        {
            return new SqliteSourceSettings { Name = name, Timeout = timeout, Path = sqlite.Get<string>("path")! };
        }

        if (value.Object("files") is { } files)
        {
            return new FilesSourceSettings { Name = name, Timeout = timeout, Paths = files.Texts("paths"),
                Exclude = files.Texts("exclude") };
        }

        var command = value.Object("command")!;
        return new CommandSourceSettings
        {
            Name = name,
            Timeout = timeout,
            Run = command.Get<string>("run")!,
            OutputName = command.Get<string>("name")!,
        };
    }

    private static DatabaseServer Server(ObjectValue value) => new()
    {
        Url = value.Get<Secret>("url"),
        Host = value.Get<string>("host"),
        Port = value.GetStruct<int>("port"),
        User = value.Get<string>("user"),
        Password = value.Get<Secret>("password"),
    };

    private static DatabaseSelection Databases(ObjectValue value)
    {
        if (value.Get<string>("database") is { } one)
        {
            return new DatabaseSelection { Names = [one] };
        }

        var names = value.Texts("databases");
        return names is ["all"] ? new DatabaseSelection { All = true } : new DatabaseSelection { Names = names };
    }

    private static KeepPolicy Keep(ObjectValue? value) => value is null ? new KeepPolicy() : new KeepPolicy
    {
        Last = value.GetStruct<int>("last"),
        Hourly = value.GetStruct<int>("hourly"),
        Daily = value.GetStruct<int>("daily"),
        Weekly = value.GetStruct<int>("weekly"),
        Monthly = value.GetStruct<int>("monthly"),
        Yearly = value.GetStruct<int>("yearly"),
        Within = value.GetStruct<TimeSpan>("within"),
    };

    private static ServiceSettings? Service(ObjectValue? value) => value is null ? null : new ServiceSettings
    {
        Stop = value.Get<string>("stop"),
        Start = value.Get<string>("start"),
        Unit = value.Get<string>("unit"),
        Healthy = value.Get<string>("healthy"),
        HealthyWithin = value.GetStruct<TimeSpan>("healthy_within")!.Value,
    };

    private static OrderedDictionary<string, T> Map<T>(
        IReadOnlyList<(string Name, SettingNode NameNode, SettingValue Value)> items, Func<string, ObjectValue, T> bind)
    {
        var map = new OrderedDictionary<string, T>(items.Count, StringComparer.Ordinal);
        foreach (var (name, _, value) in items)
        {
            map.Add(name, bind(name, (ObjectValue)value));
        }

        return map;
    }
}
