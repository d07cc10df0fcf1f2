using System.Collections.Concurrent;
using System.Reflection;

namespace Ostler.Testing.Hosts;

/// <summary>
/// A repository and any number of hosts, under one folder that goes with them. Starting one sweeps what killed runs left.
/// Ask <see cref="OstreeHost.WhyNotAvailable"/> first.
/// </summary>
public sealed class OstreeLab : IAsyncDisposable
{
    // usr/bin of every host: what stands in for systemd there.
    private static readonly string[] Stubs = ["systemctl", "journalctl", "systemd-run"];

    private readonly RunFolder _run;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _templates = new();
    private readonly ConcurrentDictionary<string, OstreeHost> _hosts = new();

    private OstreeLab(RunFolder run, OsTreeRepository repository) => (_run, Repository) = (run, repository);

    public OsTreeRepository Repository { get; }

    public IReadOnlyCollection<OstreeHost> Hosts => [.. _hosts.Values];

    internal string Folder => _run.Path;

    internal string Scripts => Path.Combine(_run.Path, "scripts");

    /// <summary>What lies over /usr of a host, as overlayfs takes it: the first one wins.</summary>
    internal string LayersOf(HostTool tool) => string.Join(
        ':', FakesOf(tool).Select(fake => Path.Combine(_run.Path, "layer-" + fake)).Append(Path.Combine(_run.Path, "layer")));

    private static string[] FakesOf(HostTool tool) => tool switch
    {
        HostTool.Bootc => ["bootc", "rpm-ostree"],
        HostTool.RpmOstree => ["rpm-ostree"],
        _ => [],
    };

    internal static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows()) // for the analyzer: a lab starts on Linux only
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    /// <param name="cancellationToken">Ends the start, not the lab.</param>
    /// <param name="root">Folder of all runs. Default: ostler-hosts in ${XDG_RUNTIME_DIR} or the temporary folder.</param>
    public static async Task<OstreeLab> StartAsync(CancellationToken cancellationToken, string? root = null)
    {
        if (OstreeHost.WhyNotAvailable() is { } reason)
        {
            throw new InvalidOperationException(reason);
        }
        var run = RunFolder.Create(root ?? RunFolder.DefaultRoot);
        try
        {
            WriteScripts(run.Path);
            return new OstreeLab(run, await OsTreeRepository.CreateAsync(Path.Combine(run.Path, "repo"), cancellationToken));
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Makes a host with one deployment of <see cref="OstreeHostOptions.Tree"/>; it is off.</summary>
    public async Task<OstreeHost> CreateHostAsync(OstreeHostOptions options, CancellationToken cancellationToken)
    {
        // Outside of the lazy task: a template is everybody's, and must not end with the first one's patience.
        if (options is { Tool: HostTool.Bootc, Image: null } or { Tool: HostTool.Ostree, Image: not null })
        {
            throw new ArgumentException("A host of bootc needs an image, and one of ostree must have none.", nameof(options));
        }
        var template = await _templates
            .GetOrAdd(options.Image?.Digest ?? options.Tree.Checksum, _ => new Lazy<Task<string>>(() => InstallAsync(options.Tree, options.Image))).Value.WaitAsync(cancellationToken);
        var machine = await Machine.StartAsync(Path.Combine(_run.Path, "hosts", options.Name), Scripts, options.SysrootBytes, options.BootBytes, cancellationToken);
        try
        {
            (await machine.RunAsync(["tar", "-xpf", template, "-C", machine.Disk], cancellationToken)).EnsureSuccess();
            await PointRemoteAsync(machine, Repository.UrlFor(options.Name), cancellationToken);
            var host = new OstreeHost(this, options, machine);
            return _hosts.TryAdd(options.Name, host) ? host : throw new InvalidOperationException($"There is a host '{options.Name}' already.");
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_hosts.Values.Select(host => host.DisposeAsync().AsTask()));
        await Repository.DisposeAsync();
        _run.Dispose();
    }

    internal void Forget(OstreeHost host) => _hosts.TryRemove(host.Name, out _);

    private static void WriteScripts(string folder)
    {
        var scripts = Directory.CreateDirectory(Path.Combine(folder, "scripts")).FullName;
        var bin = Directory.CreateDirectory(Path.Combine(folder, "layer/bin")).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "layer/sbin"));
        foreach (var name in new[] { "machine.sh", "boot.sh" }.Concat(Stubs))
        {
            var file = Path.Combine(Stubs.Contains(name) ? bin : scripts, name);
            using var source = Assembly.GetExecutingAssembly().GetManifestResourceStream("Hosts/" + name)!;
            using (var target = File.Create(file))
            {
                source.CopyTo(target);
            }
            MakeExecutable(file);
        }
        foreach (var fake in FakesOf(HostTool.Bootc))
        {
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "layer-" + fake, "bin")).FullName, fake);
            File.WriteAllText(file, $"#!/bin/bash\nexec /run/ostler-lab/fake-host-tools {fake} \"$@\"\n");
            MakeExecutable(file);
        }
        foreach (var alias in new[] { "reboot", "poweroff" })
        {
            File.CreateSymbolicLink(Path.Combine(bin, alias), "systemctl");
            File.CreateSymbolicLink(Path.Combine(folder, "layer/sbin", alias), "../bin/systemctl");
        }
    }

    private static async Task PointRemoteAsync(Machine machine, string url, CancellationToken cancellationToken)
    {
        var config = machine.View + "/ostree/repo/config";
        var lines = await File.ReadAllLinesAsync(config, cancellationToken);
        await File.WriteAllLinesAsync(config, lines.Select(line => line.StartsWith("url=", StringComparison.Ordinal) ? "url=" + url : line), cancellationToken);
    }

    // Installing is five processes and a checkout; the archive of an installed disk makes the next host in two.
    private async Task<string> InstallAsync(OsTreeCommit tree, OsTreeImage? image)
    {
        // Five processes that either end or hang: on a busy machine they take their time.
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var folder = Path.Combine(_run.Path, "templates", image?.Digest.Replace(':', '_') ?? tree.Checksum);
        var machine = await Machine.StartAsync(folder, Scripts, sysrootBytes: 1L << 30, bootBytes: 256 << 20, deadline.Token);
        try
        {
            var archive = folder + ".tar";
            const string script =
                """
                set -eu
                disk=$1 stateroot=$2 remote=$3 source=$4 url=$5 ref=$6 commit=$7 archive=$8 image=$9 digest=${10} version=${11}
                repo=$disk/ostree/repo
                ostree admin init-fs --modern "$disk"
                ostree admin os-init --sysroot="$disk" "$stateroot"
                ostree --repo="$repo" config set sysroot.bootloader none
                ostree --repo="$repo" remote add --no-gpg-verify "$remote" "$url"
                ostree --repo="$repo" pull-local --remote="$remote" "$source" "$commit"
                ostree --repo="$repo" refs --create="$remote:$ref" "$commit"
                deploy="$remote:$ref" origin=()
                if [ -n "$image" ]; then
                    # What an importer of container images makes of one: a commit of its own, that notes the manifest.
                    deploy=$(ostree --repo="$repo" commit --branch="ostree/container/image/${digest/:/_}" --tree=ref="$commit" --parent=none --subject="$digest" \
                        --timestamp=@1767225600 --add-metadata-string="ostree.manifest-digest=$digest" --add-metadata-string="version=$version")
                    printf '[origin]\ncontainer-image-reference=ostree-unverified-registry:%s\n' "$image" >"$archive.origin"
                    origin=(--origin-file="$archive.origin")
                fi
                ostree admin --sysroot="$disk" deploy --os="$stateroot" --karg=root=LABEL=root --karg=rw "${origin[@]}" "$deploy"
                cd "$disk/ostree/deploy/$stateroot/var"
                mkdir -p home opt srv mnt
                mkdir -p -m 0700 roothome
                tar -cf "$archive" -C "$disk" .
                """;
            (await machine.RunAsync(
                ["bash", "-c", script, "install", machine.Disk, OstreeHost.StateRoot, OstreeHost.RemoteName, Repository.Folder, Repository.Url, tree.Ref, tree.Checksum, archive,
                    image?.Reference ?? "", image?.Digest ?? "", tree.Version],
                deadline.Token)).EnsureSuccess();
            return archive;
        }
        finally
        {
            await machine.DisposeAsync();
        }
    }
}
