namespace Larder.Engine.Configuration;

/// <summary>What `larder config example` prints: a configuration with every key, which itself validates.</summary>
public static class ConfigurationExample
{
    public static string Text { get; } =
        """
        # Larder's configuration. Every key stands here once; most jobs need five of them.
        #
        # Values may be ${VARIABLE} or ${VARIABLE:-default}, from the environment or from a file .env beside this one; $$ is a dollar.
        # Relative paths count from the folder of this file. Every secret (password, token, url of a database, …) can also be given
        # as NAME_file: /path/of/a/file or NAME_command: "a program that prints it".
        # Check it with: larder config validate

        # Where backups live. Each repository is encrypted with its password: lose the password and the backups are lost.
        repositories:
          local:
            path: /var/lib/larder/repository
            password_file: /etc/larder/repository.key # (umask 077; head -c 32 /dev/urandom | base64 > /etc/larder/repository.key)
          offsite:
            s3:
              endpoint: https://s3.example.com
              bucket: backups
              prefix: journal
              region: us-east-1
              access_key: "${S3_ACCESS_KEY:-example}"
              secret_key: "${S3_SECRET_KEY:-example}"
            password_file: /etc/larder/repository.key
          elsewhere:
            rest: # restic's rest-server
              url: https://backup.example.com/journal
              user: journal
              password: "${REST_PASSWORD:-example}"
            password_command: cat /etc/larder/repository.key
          cloud:
            rclone: # anything that rclone reaches
              remote: "drive:backups"
              program: rclone
            password: "${LARDER_PASSWORD:-example}"

        jobs:
          # The least that a job needs: what, and then when and for how long.
          notes:
            sources:
              db: { sqlite: { path: /srv/notes/notes.db } }
              code: { files: { paths: [/srv/notes], exclude: ["*.log", node_modules, notes.db*] } }
            to: [local]
            schedule:
              - { cron: "0 2 * * *" } # minute, hour, day of month, month, day of week
            keep: { daily: 7, weekly: 4, monthly: 12 }

          journal:
            description: The journal, its database and its code
            tags: [nightly]
            time_zone: Europe/Berlin # for schedule, retention and timestamps; local by default
            sources: # together they are one restore point
              db:
                postgresql:
                  url: "${DATABASE_URL:-postgresql://journal@localhost/journal}" # or host, port, user, password
                  database: journal # or databases: all
                  globals: true # roles and tablespaces too
                  exclude: [public.sessions]
                timeout: 1h
              code:
                files:
                  paths: [/srv/journal]
                  exclude: ["*.log", node_modules] # as in .gitignore
              image:
                command:
                  run: docker save journal # a program that fails fails the backup
                  name: journal.tar
            to: [local, offsite] # every repository by default
            schedule: # several are fine; a missed one is caught up
              - { cron: "0 2 * * *", only: [db] }
              - { cron: "0 3 * * 0", cleanup: true } # then the retention below is applied; by default after each of them
            jitter: 10m # so that not everything begins at once
            priority: 10 # before others where several wait; 0 by default
            retry: { times: 1, wait: 5m } # where a scheduled run failed
            keep: # a rule that is left away keeps nothing; with no rule at all everything is kept
              last: 3
              hourly: 24
              daily: 7
              weekly: 4
              monthly: 12
              yearly: 2
              within: 7d
              repositories: # instead of the rules above
                offsite: { last: 1, hourly: 0, daily: 14, weekly: 8, monthly: 24, yearly: 5, within: 14d }
            compression: 1 # zstd's level; 0 is off
            chunk_size: 64 KiB # a power of two from 4 KiB to 4 MiB; by default what fits the kind of source
            timeout: 6h
            verify: # every backup is read back anyway; this looks at old ones again
              cron: "0 4 * * 6"
              level: data # structure, data or content
              subset: 1/7
            drill: # a real restore into a throwaway engine
              cron: "0 5 * * 0"
              assert: # what must be true of the restored data
                - { source: db, sql: "select count(*) > 0 from entries" }
                - { source: code, shell: test -s "$LARDER_DRILL_PATH/srv/journal/package.json" }
              servers: # instead of a server that the drill starts itself
                db: "${DRILL_URL:-postgresql://drill@scratch.example.com/postgres}"
              folder: /var/tmp # room for all of the backup
            service: # around a restore
              stop: systemctl stop journal
              start: systemctl start journal
              healthy: curl -fsS http://localhost:5000/health
              healthy_within: 60s
            monitor: # instead of what is said for all jobs
              max_backup_age_hours: 30
              min_backup_size_mb: 5
              size_change_percent: 30
              missed_after_minutes: 30
              connect_timeout_seconds: 5
            keep_safety: 7d # how long a restore can be undone
            hooks: # around a backup
              before: touch /run/journal.maintenance
              after: rm -f /run/journal.maintenance
              on_failure: logger "the backup of the journal failed"
            environments: # larder restore BACKUP --environment staging
              staging:
                db: { url: "${STAGING_URL:-postgresql://journal@staging.example.com/journal}" }
                code: { path: /srv/staging }
                service:
                  stop: systemctl stop staging
                  start: systemctl start staging
                  healthy: curl -fsS http://staging.example.com/health
                  healthy_within: 30s

          shop:
            sources:
              db:
                mysql:
                  host: localhost
                  port: 3306
                  user: backup
                  password: "${MYSQL_PASSWORD:-example}"
                  databases: all # or one: database: shop
                  exclude: [shop.sessions]
              reports:
                postgresql:
                  host: db.example.com
                  port: 5432
                  user: backup
                  password: "${PG_PASSWORD:-example}"
                  databases: [reports, archive]
              stock:
                mysql: { url: "${STOCK_URL:-mysql://backup@localhost/stock}", database: stock }
            schedule: "@daily"
            cleanup: "30 2 * * *" # retention at its own time
            service: { unit: shop.service }
            environments:
              test: { stock: { url: "${TEST_URL:-mysql://shop@test.example.com/stock}" }, service: { unit: shop-test.service } }

          temple:
            sources:
              db:
                mongodb:
                  url: "${MONGODB_LOCAL_URL:-mongodb://localhost:27017}"
                  database: temple # or databases: all
                  exclude: [sessions]
                  read_preference: primary
              audit:
                mongodb: { url: "${MONGODB_AUDIT_URL:-mongodb://localhost:27018}", databases: all }
            sync: # two-way with a remote MongoDB before each backup; the newer document wins
              source: db
              remote: "${MONGODB_CLOUD_URL:-mongodb://cloud.example.com}"
              primary: local # without this word nothing is synchronised
              field: updatedAt
              exclude: [sessions]
            drill:
              assert: [{ source: db, command: '{ "count": "bookings" }', database: temple }]
              programs: { mongodb: /opt/mongodb/bin, postgresql: /usr/lib/postgresql/17/bin, mysql: /usr/sbin } # where they are not found
            purge: # emptied after a good backup, on both sides
              source: db
              always: [activities]
              confirm: [bookings, employee_bookings] # only those that the caller names

        alerts:
          - email:
              to: [admin@example.com]
              from: larder@example.com
              server: smtp.example.com
              port: 587
              user: larder
              password: "${MAIL_PASSWORD:-example}"
              security: starttls
              ca_file: /etc/ssl/certs/ca-certificates.crt # the system's by default
            on: [failed, partial, missed, verify_failed, drill_failed, health, recovered] # everything that is not well by default
            jobs: [journal, shop] # everything by default
            cooldown: 60m
          - webhook: { url: "${WEBHOOK_URL:-https://example.com/hook}", secret: "${WEBHOOK_SECRET:-example}" }
            allow: [10.0.0.0/8, 127.0.0.1] # only public addresses are called by default
          - slack: { url: "${SLACK_URL:-https://hooks.slack.com/services/example}" }
          - discord: { url: "${DISCORD_URL:-https://discord.com/api/webhooks/example}" }
          - teams: { url: "${TEAMS_URL:-https://example.webhook.office.com/example}" }
          - telegram: { token: "${TELEGRAM_TOKEN:-example}", chat: "42" }
          - ntfy: { url: https://ntfy.sh, topic: backups, token: "${NTFY_TOKEN:-example}" }
          - gotify: { url: https://gotify.example.com, token: "${GOTIFY_TOKEN:-example}" }
          - healthchecks: { url: "${HEALTHCHECKS_URL:-https://hc-ping.com/example}" } # a dead man's switch: it misses us when we are gone
            on: [start, success, failed, partial]

        monitor: # when something counts as not well; a job may have its own
          max_backup_age_hours: 26 # what the schedule implies by default
          min_backup_size_mb: 1
          size_change_percent: 50 # against the median of the last ten
          missed_after_minutes: 60
          connect_timeout_seconds: 10
          disk_usage_threshold: 85
          disk_full_days: 7
          check_interval_minutes: 60

        logs: # backup.log, scheduler.log and alerts.log
          folder: /var/log/larder # logs in the state directory by default
          format: human # or json
          max_size_mb: 10
          keep: 5

        # The API and the page of "larder serve". A network needs a certificate, or a proxy that has one.
        http:
          url: https://backup.example.com # where people reach it, if that is elsewhere
          certificate: /etc/larder/tls.crt
          certificate_key: /etc/larder/tls.key
          proxies: [127.0.0.1] # whose X-Forwarded headers are believed
        access:
          second_person: false # whether restores and removals need a second admin
          user_header: X-Remote-User # in which one of the proxies names a user who has logged in there
          oidc: # people log in with their identity provider, at /api/session/oidc
            issuer: https://id.example.com
            client_id: larder
            client_secret: "${OIDC_SECRET:-example}" # or client_secret_file, client_secret_command; without it a public client
            scopes: [profile, email, groups]
            role_claim: groups
            name_claim: preferred_username
            roles: { backup-admins: admin, ops: operator } # who has none of them is not let in
            public_url: https://backup.example.com # where browsers reach Larder; by default http.url
          jwt: # tokens of an identity provider, or of the app that is backed up
            - issuer: https://id.example.com
              audience: larder
              jwks: /etc/larder/jwks.json # the provider's public keys
              role_claim: larder_role
              name_claim: preferred_username
              roles: { boss: owner, dba: admin, ops: operator, audit: viewer }
            - issuer: temple
              audience: temple
              key: "${JWT_SECRET:-example-of-a-key-of-32-bytes-or-more}" # role_id of 1 and less is admin, and nothing else is let in

        # Larder's own state. Deleting the catalog loses the history of runs and nothing else.
        state_directory: /var/lib/larder
        catalog: { path: /var/lib/larder/catalog.db } # or url: a PostgreSQL database, for a fleet

        # larder serve
        serve:
          listen: 127.0.0.1:8420 # this machine alone
          max_parallel_runs: 2 # of all jobs
          stop_wait: 60s # how long runs may go on when the service is stopped

        """;
}
