using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;

namespace Ostler.Charts.Tests;

/// <summary>
/// What the images are built as, and what chart and manifests run them as: a pod names no command, and so takes what the image says. That
/// they run is what `make smoke-image` shows.
/// </summary>
public sealed partial class DockerfileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("controller", "Deployment", "Controller")]
    [InlineData("agent", "DaemonSet", "Agent")]
    public async Task A_pod_runs_the_image_of_its_name_as_the_images_user(string target, string kind, string project)
    {
        var (dockerfile, rendered) = (await Dockerfile.ReadAsync(Cancel), await Rendered.OfAsync(Rendered.Newest));
        var pod = rendered.Pod(kind, $"ostler-{target}");
        var container = pod["containers"]![0]!;
        var user = (long)(container["securityContext"]!["runAsUser"] ?? pod["securityContext"]!["runAsUser"])!;

        Assert.StartsWith($"ostler-{target}:", (string)container["image"]!, StringComparison.Ordinal);
        Assert.Equal($"{user}:{user}", Assert.Single(dockerfile[target].All("USER")));
        Assert.Null(container["command"]);
        Assert.Equal($"""["/usr/bin/{await ProgramOfAsync(project)}"]""", Assert.Single(dockerfile[target].All("ENTRYPOINT")));
    }

    /// <summary>No stage that they go on from has a shell or a package manager in it.</summary>
    [Theory]
    [InlineData("controller", "Controller")]
    [InlineData("agent", "Agent")]
    [InlineData("cli", "Cli")]
    public async Task An_image_begins_with_nothing_and_gets_its_one_program(string target, string project)
    {
        var dockerfile = await Dockerfile.ReadAsync(Cancel);
        var chain = dockerfile.ChainOf(target).ToArray();

        Assert.Equal("scratch", chain[^1].From);
        Assert.All(chain, stage => Assert.Empty(stage.All("RUN")));
        Assert.Equal(
            [$"--from=published /{target}/{await ProgramOfAsync(project)} /usr/bin/"],
            chain.SelectMany(stage => stage.All("COPY")).Where(copy => copy.StartsWith("--from=published", StringComparison.Ordinal)));
    }

    /// <summary>
    /// Where a runtime sets no HOME (crun, and so CRI-O), .NET looks for that of the user and makes no TLS connection without. Found by
    /// make e2e-vm.
    /// </summary>
    [Theory]
    [InlineData("root:x:0:0:")]
    [InlineData("nonroot:x:65532:65532:")]
    public async Task Whom_a_program_runs_as_has_a_home(string user)
    {
        var dockerfile = await Dockerfile.ReadAsync(Cancel);

        Assert.Contains(dockerfile["rootfs"].All("RUN"), run => run.Contains($"'{user}:/", StringComparison.Ordinal) && run.Contains("/rootfs/etc/passwd", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("controller")]
    [InlineData("agent")]
    [InlineData("cli")]
    public async Task An_image_says_what_it_is_and_what_it_was_made_of(string target)
    {
        var dockerfile = await Dockerfile.ReadAsync(Cancel);
        var labels = dockerfile.LabelsOf(target);

        Assert.Equal($"ostler-{target}", labels["org.opencontainers.image.title"]);
        Assert.All((string[])["description", "vendor", "licenses", "version", "revision", "source", "created"], key => Assert.NotEmpty(labels[$"org.opencontainers.image.{key}"]));
        // `docker build .` without arguments; the version of a release is Directory.Build.props'.
        var version = Version().Match(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Directory.Build.props"), Cancel)).Groups[1].Value;
        Assert.All(dockerfile.Stages.SelectMany(stage => stage.All("ARG")).Where(arg => arg.StartsWith("VERSION=", StringComparison.Ordinal)), arg => Assert.Equal($"VERSION={version}", arg));
    }

    /// <summary>On a host without Kubernetes: the rights of the pod, and command lines that the program has.</summary>
    [Theory]
    [InlineData("INSTALL", "host install")]
    [InlineData("RUN", "host status")]
    [InlineData("UNINSTALL", "host uninstall")]
    public async Task A_label_runs_the_agent_with_the_rights_of_its_pod(string label, string command)
    {
        var (dockerfile, rendered) = (await Dockerfile.ReadAsync(Cancel), await Rendered.OfAsync(Rendered.Newest));
        var pod = rendered.Pod("DaemonSet", "ostler-agent");
        var container = pod["containers"]![0]!;
        var help = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "Ostler.Agent", "HostShell", "HostConsoleCommand.cs"),
            Cancel);

        Assert.Equal((true, true, true, true), ((bool)container["securityContext"]!["privileged"]!, (bool)container["securityContext"]!["readOnlyRootFilesystem"]!, (bool)pod["hostPID"]!, (bool)pod["hostNetwork"]!));
        Assert.Equal($"podman run --rm --privileged --pid=host --net=host --read-only ${{IMAGE}} {command}", dockerfile.LabelsOf("agent")[label]);
        Assert.Matches($@"ostler-agent host ([a-z]+ \| )?{command.Split(' ')[1]}\b", help);
        var entry = (JsonObject)container["env"]!.AsArray().Single(e => (string)e!["name"]! == "OSTLER_HOST_ENTRY")!;
        Assert.Equal($"OSTLER_HOST_ENTRY={(string)entry["value"]!}", Assert.Single(dockerfile["agent"].All("ENV")));
    }

    /// <summary>What .dockerignore keeps out is missing only where somebody has docker.</summary>
    [Fact]
    public async Task What_is_copied_into_the_build_is_there_and_not_ignored()
    {
        var dockerfile = await Dockerfile.ReadAsync(Cancel);
        var ignore = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, ".dockerignore"), Cancel);
        var copied = dockerfile.Stages.SelectMany(stage => stage.All("COPY")).Where(copy => !copy.StartsWith("--from=", StringComparison.Ordinal)).SelectMany(copy => copy.Split(' ')[..^1]).ToArray();

        Assert.InRange(copied.Length, 5, 20);
        Assert.Equal("*", ignore[0]);
        Assert.All(copied, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));
        Assert.All(copied, path => Assert.Contains($"!{path}", ignore));
    }

    /// <summary>That it runs is seen by running it; what it starts and what the build collects for it must have the same names.</summary>
    [Fact]
    public async Task The_image_of_the_demo_starts_the_demo_with_a_control_plane_beside_it()
    {
        var demo = (await Dockerfile.ReadAsync(Cancel))["demo"];
        var collected = await File.ReadAllTextAsync(Path.Combine(Repository.Root, ".ci", "demo-files"), Cancel);
        var environment = demo.All("ENV").SelectMany(env => env.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.Equal("""["dotnet", "/opt/ostler/demo/Ostler.Playground.dll"]""", Assert.Single(demo.All("ENTRYPOINT")));
        // The demo starts the controller as dotnet.
        Assert.Contains(environment["DOTNET_ROOT"], environment["PATH"].Split(':'));
        Assert.Contains($"\"$folder{environment["DOTNET_ROOT"]}\"", collected, StringComparison.Ordinal);
        Assert.Contains("artifacts/bin/Ostler.Playground/release/. \"$folder/opt/ostler/demo/\"", collected, StringComparison.Ordinal);
        Assert.Contains($"\"$folder{environment["KUBEBUILDER_ASSETS"]}/\"", collected, StringComparison.Ordinal);
        Assert.Equal("0:0", Assert.Single(demo.All("USER")));
        Assert.Equal(environment["XDG_RUNTIME_DIR"], Assert.Single(demo.All("VOLUME")));
    }

    private static async Task<string> ProgramOfAsync(string project) => AssemblyName().Match(
        await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", $"Ostler.{project}", $"Ostler.{project}.csproj"), Cancel)).Groups[1].Value;

    [GeneratedRegex("<AssemblyName>(.*)</AssemblyName>")]
    private static partial Regex AssemblyName();

    [GeneratedRegex("<VersionPrefix>(.*)</VersionPrefix>")]
    private static partial Regex Version();
}
