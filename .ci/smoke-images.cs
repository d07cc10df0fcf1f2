// Runs the images that `make image` built, each as its pod (or its label) would run it: with that user, those flags and no more rights, a
// root that cannot be written, and for the controller and the agent a real control plane and their own service accounts.
// Usage: dotnet run .ci/smoke-images.cs VERSION
#:project ../tests/Ostler.Testing/Ostler.Testing.csproj
#:property PublishAot=false

using System.Diagnostics;
using System.Text.Json.Nodes;
using k8s;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;

if (args is not [var version])
{
    Console.Error.WriteLine("Usage: dotnet run .ci/smoke-images.cs VERSION");
    return 2;
}

var failures = 0;
using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
var cancel = deadline.Token;
string[] confined = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none"];

// What is in them.
foreach (var image in (string[])["controller", "agent", "cli"])
{
    var config = JsonNode.Parse((await ContainersAsync("image", "inspect", Name(image))).Output)![0]!["Config"]!;
    var labels = config["Labels"]!;
    Check($"{image}: version and licence are in the labels", version == (string?)labels["org.opencontainers.image.version"] && (string?)labels["org.opencontainers.image.licenses"] == "Apache-2.0", labels.ToJsonString());
    Check($"{image}: user", (string?)config["User"] == (image == "agent" ? "0:0" : "65532:65532"), config["User"]?.ToJsonString() ?? "");
    Expect(await RunAsync(image, [.. confined, "--entrypoint=/bin/sh"], "-c", "true"), $"{image}: no shell", code: null, "");
    Expect(await RunAsync(image, confined, "--version"), $"{image}: starts", 0, version);
}

// What is wrong they say, as on a machine.
Expect(await RunAsync("controller", confined), "controller, without a cluster", 2, "No cluster is configured");
Expect(await RunAsync("controller", confined, "--no-such-flag"), "controller, with an unknown flag", 2, "--no-such-flag");
Expect(await RunAsync("agent", confined), "agent, without NODE_NAME", 2, "NODE_NAME");
Expect(await RunAsync("cli", confined, "status"), "cli, without a cluster", 1, "");

// The planner, the reader of YAML and, in windows of Berlin's, the time zones.
string[] policies = ["--volume", $"{Path.GetFullPath("config/samples")}:/policies:ro"];
Expect(await RunAsync("cli", [.. confined, .. policies], "plan", "-f", "/policies/styles/edge-site-windows.yaml", "--nodes", "3"), "cli: plan with time zones", 0, "");

// podman finds the labels; docker has nothing for them.
var shown = await ContainersAsync("container", "runlabel", "--display", "RUN", Name("agent"));
if ((await ContainersAsync("--version")).Output.Contains("podman", StringComparison.Ordinal))
{
    Expect(shown, "agent: podman container runlabel RUN", 0, "run --rm --privileged --pid=host");
}

// The labels, with a container in place of the host: its first process is the one that the agent enters.
var atomic = JsonNode.Parse((await ContainersAsync("image", "inspect", Name("agent"))).Output)![0]!["Config"]!["Labels"]!;
var host = $"ostler-host-{Environment.ProcessId}";
Expect(await ContainersAsync("run", "--detach", "--name", host, "--network=none", await BaseAsync(), "sleep", "300"), "a container that stands for a host", 0, "");
try
{
    Expect(await LabelAsync("RUN"), "agent: RUN, where there is no systemd", 1, "systemd is not the host's init");
    await ContainersAsync("exec", host, "sh", "-c", "mkdir -p /run/systemd/system && printf '#!/bin/sh\\necho SoftRebootsCount=0\\n' >/usr/bin/systemctl && chmod +x /usr/bin/systemctl");
    Expect(await LabelAsync("RUN"), "agent: RUN, where there is no OSTree", 1, "The host does not boot from an OSTree deployment");
    await ContainersAsync("exec", host, "touch", "/run/ostree-booted");
    Expect(await LabelAsync("RUN"), "agent: RUN, where there is no tool", 1, "ostree");
    Expect(await LabelAsync("INSTALL"), "agent: INSTALL", 0, "/usr/local/bin/ostler-agent");
    Expect(await ContainersAsync("exec", host, "/usr/local/bin/ostler-agent", "--version"), "agent: on the host", 0, version);
    Expect(await LabelAsync("UNINSTALL"), "agent: UNINSTALL", 0, "Ostler is removed");
    Expect(await ContainersAsync("exec", host, "ls", "/usr/local/bin/ostler-agent"), "agent: gone from the host", 2, "No such file");
}
finally
{
    await ContainersAsync("rm", "--force", "--time=0", host);
}

// As in a cluster.
await using var cluster = await TestCluster.StartAsync(new TestClusterOptions { Components = ControlPlaneComponents.ApiServer }, cancel);
using var api = cluster.CreateApiClient();
await Installation.ApplyAsync(cluster, api, "config", cancel);
var pod = YamlDocuments.Read(await File.ReadAllTextAsync("config/controller/deployment.yaml", cancel))[0]["spec"]!["template"]!["spec"]!;
var container = pod["containers"]![0]!;
var flags = container["args"]!.AsArray().Select(flag => (string)flag!).ToArray();
var folder = Directory.CreateTempSubdirectory("ostler-smoke-");
var name = $"ostler-smoke-{Environment.ProcessId}";
var agent = $"ostler-smoke-agent-{Environment.ProcessId}";
try
{
    var (port, metrics) = (FreePort(), FreePort());
    flags = [.. flags.Select(flag => flag.Replace(":8081", $"127.0.0.1:{port}", StringComparison.Ordinal).Replace(":8080", $"127.0.0.1:{metrics}", StringComparison.Ordinal)), "--console-address=0"];
    var user = $"{(long)pod["securityContext"]!["runAsUser"]!}:{(long)pod["securityContext"]!["runAsGroup"]!}";
    var started = Stopwatch.StartNew();
    Expect(
        await RunAsync("controller", ["--detach", "--name", name, "--user", user, "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host", "--env=POD_NAME=smoke", .. await AccountAsync("ostler-controller")], flags),
        "controller: started with its pod's user and flags", 0, "");
    var lease = await UntilAsync(async () => (await cluster.Admin.CoordinationV1.ListNamespacedLeaseAsync("ostler-system", cancellationToken: cancel)).Items.FirstOrDefault()?.Spec.HolderIdentity);
    using var http = new HttpClient();
    var healthy = await UntilAsync(async () => (await http.GetAsync($"http://127.0.0.1:{port}/healthz", cancel)).IsSuccessStatusCode ? "ok" : null);
    Check($"controller: has the lease and is healthy after {started.Elapsed.TotalSeconds:0.0} s", lease?.StartsWith("smoke", StringComparison.Ordinal) == true && healthy == "ok", $"lease: {lease ?? "none"}, /healthz: {healthy ?? "none"}\n{(await ContainersAsync("logs", name)).Output}");
    var stopped = Stopwatch.StartNew();
    await ContainersAsync("stop", "--time=30", name);
    var code = (await ContainersAsync("inspect", "--format={{.State.ExitCode}}", name)).Output.Trim();
    Check($"controller: told to stop, it ends with 0 after {stopped.Elapsed.TotalSeconds:0.0} s", code == "0", code);

    // Not every runtime gives a HOME, and .NET makes no TLS connection where the user has none.
    Expect(await RunAsync("agent", ["--detach", "--name", agent, "--read-only", "--network=host", "--env=HOME=", "--env=NODE_NAME=smoke", .. await AccountAsync("ostler-agent")]), "agent: started with its service account", 0, "");
    var heard = await UntilAsync(async () => (await ContainersAsync("logs", agent)) is var logs && (logs.Output + logs.Error).Contains("reason=NoNodeOS", StringComparison.Ordinal) ? "ok" : null);
    var said = await ContainersAsync("logs", agent);
    Check("agent: reaches the API server, which has no NodeOS for it", heard == "ok", said.Output + said.Error);

    string[] asks = ["--read-only", "--cap-drop=ALL", "--network=host", "--user=0:0"];
    Expect(await RunAsync("cli", [.. asks, "--volume", $"{cluster.KubeconfigPath}:/kubeconfig:ro"], "nodes", "--kubeconfig=/kubeconfig"), "cli: asks a cluster", 0, "");

    // Who is trusted where nothing else is said: the authorities that the image has, and where its OpenSSL looks for them.
    var trusting = Path.Combine(folder.FullName, "kubeconfig");
    await File.WriteAllLinesAsync(trusting, (await File.ReadAllLinesAsync(cluster.KubeconfigPath, cancel)).Where(line => !line.Contains("certificate-authority-data", StringComparison.Ordinal)), cancel);
    asks = [.. asks, "--volume", $"{trusting}:/kubeconfig:ro"];
    Expect(await RunAsync("cli", asks, "nodes", "--kubeconfig=/kubeconfig"), "cli: does not trust a server of an authority that it does not know", 1, "certificate");
    Expect(await RunAsync("cli", [.. asks, "--volume", $"{Path.Combine(folder.FullName, "ostler-controller", "ca.crt")}:/etc/ssl/certs/ca-certificates.crt:ro"], "nodes", "--kubeconfig=/kubeconfig"), "cli: trusts the authorities of its image", 0, "");
}
finally
{
    await ContainersAsync("rm", "--force", name, agent);
    folder.Delete(recursive: true);
}

Console.WriteLine(failures == 0 ? "The images run." : $"{failures} failed");
return failures == 0 ? 0 : 1;

Task<(int Code, string Output, string Error)> LabelAsync(string label) =>
    ContainersAsync([.. ((string)atomic[label]!).Replace("${IMAGE}", Name("agent"), StringComparison.Ordinal).Replace("--pid=host", $"--pid=container:{host}", StringComparison.Ordinal).Split(' ')[1..]]);

// The one that the images were built from: the Dockerfile's, or the one made here.
async Task<string> BaseAsync()
{
    var named = (await File.ReadAllLinesAsync("Dockerfile", cancel)).Single(line => line.StartsWith("ARG BASE=", StringComparison.Ordinal))["ARG BASE=".Length..];
    return (await ContainersAsync("image", "inspect", named)).Code == 0 ? named : (await ContainersAsync("images", "--format={{.Repository}}:{{.Tag}}", "--filter=reference=localhost/ostler-base")).Output.Split('\n')[0];
}

string Name(string image) => $"ostler-{image}:{version}";

Task<(int Code, string Output, string Error)> RunAsync(string image, string[] options, params string[] arguments) => ContainersAsync(["run", .. options.Contains("--detach") ? [] : (string[])["--rm"], .. options, Name(image), .. arguments]);

async Task<(int Code, string Output, string Error)> ContainersAsync(params string[] arguments)
{
    using var process = Process.Start(new ProcessStartInfo(".ci/containers", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
    await process.WaitForExitAsync(cancel);
    return (process.ExitCode, await output, await error);
}

// What a kubelet mounts, and the environment that it gives.
async Task<string[]> AccountAsync(string account)
{
    var files = Directory.CreateDirectory(Path.Combine(folder.FullName, account)).FullName;
    var kubeconfig = YamlDocuments.Read(await File.ReadAllTextAsync(cluster.KubeconfigPath, cancel))[0];
    await File.WriteAllTextAsync(Path.Combine(files, "token"), await cluster.ServiceAccountTokenAsync("ostler-system", account, cancellationToken: cancel), cancel);
    await File.WriteAllBytesAsync(Path.Combine(files, "ca.crt"), Convert.FromBase64String((string)kubeconfig["clusters"]![0]!["cluster"]!["certificate-authority-data"]!), cancel);
    return ["--volume", $"{files}:/var/run/secrets/kubernetes.io/serviceaccount:ro", $"--env=KUBERNETES_SERVICE_HOST={cluster.Server.Host}", $"--env=KUBERNETES_SERVICE_PORT={cluster.Server.Port}", "--env=NAMESPACE=ostler-system"];
}

async Task<string?> UntilAsync(Func<Task<string?>> look)
{
    for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60); await Task.Delay(200, cancel))
    {
        try
        {
            if (await look() is { Length: > 0 } found)
            {
                return found;
            }
        }
        catch (HttpRequestException)
        {
        }
    }

    return null;
}

void Expect((int Code, string Output, string Error) result, string what, int? code, string words) => Check(
    $"{what}: {(result.Output + result.Error).Trim().Split('\n')[0]}",
    (code is null ? result.Code != 0 : result.Code == code) && (result.Output + result.Error).Contains(words, StringComparison.Ordinal) && (result.Output + result.Error).Trim().Length > 0,
    $"ended with {result.Code}\n{result.Output}{result.Error}");

void Check(string what, bool holds, string otherwise)
{
    Console.WriteLine(holds ? $"ok   {what}" : $"FAIL {what}\n{string.Join('\n', otherwise.Trim().Split('\n').Take(30).Select(line => "  | " + line))}");
    failures += holds ? 0 : 1;
}

static int FreePort()
{
    using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
    listener.Start();
    return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
}
