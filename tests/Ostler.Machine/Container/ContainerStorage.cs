using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;

namespace Ostler.Machine.Container;

/// <summary>
/// Makes the disk that stands for the node's container storage: the agent's image, unpacked, and what a kubelet lays down for its pod.
/// </summary>
internal static class ContainerStorage
{
    /// <param name="repository">The repository's folder.</param>
    /// <param name="image">The agent's image, built on this machine.</param>
    /// <param name="access">Who the node and its agent are, and where they find the API server.</param>
    /// <param name="folder">A folder to work in.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The disk.</returns>
    public static async Task<string> CreateAsync(string repository, string image, NodeAccess access, string folder, CancellationToken cancellationToken)
    {
        const string bundle = "ostler-agent";
        var storage = Directory.CreateDirectory(Path.Combine(folder, "containers")).FullName;
        var root = Path.Combine(storage, bundle, "rootfs");
        Directory.CreateDirectory(root);
        var entrypoint = await AgentImage.UnpackAsync(repository, image, root, cancellationToken);
        Write("serviceaccount/token", access.AgentToken);
        Write("serviceaccount/ca.crt", access.Authority);
        Write("serviceaccount/namespace", access.Namespace);
        Write("kubelet/ca.crt", access.Authority);
        Write("kubelet/client.crt", access.Kubelet.Certificate);
        Write("kubelet/client.key", access.Kubelet.Key);
        Write("node.env", string.Create(CultureInfo.InvariantCulture, $"NODE_NAME={access.NodeName}\nAPI=https://{access.ApiServer.Authority}\n"));
        var daemonSet = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(repository, "config", "agent", "daemonset.yaml"), cancellationToken)).Single();
        var configuration = ContainerBundle.From(daemonSet, entrypoint, access.NodeName, access.ApiServer, "/var/lib/containers/serviceaccount");
        foreach (var mount in configuration["mounts"]!.AsArray())
        {
            // An image from scratch has no places to mount on. A runtime makes them in a writable layer, which there is none of here.
            Directory.CreateDirectory(Path.Combine(root, ((string)mount!["destination"]!).TrimStart('/')));
        }

        Write($"{bundle}/config.json", configuration.ToJsonString());

        var disk = Path.Combine(folder, "containers.img");
        (await HostCommand.RunAsync(["truncate", "--size=128M", disk], cancellationToken)).EnsureSuccess();
        (await HostCommand.RunAsync([HostTools.Find("mke2fs") ?? "mke2fs", "-q", "-t", "ext4", "-d", storage, "-L", "containers", disk], cancellationToken)).EnsureSuccess();
        return disk;

        void Write(string path, string text)
        {
            var file = Path.Combine(storage, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }
    }
}

/// <summary>Who a node and its agent are to the API server, and where that is as seen from the node.</summary>
/// <param name="NodeName">The node.</param>
/// <param name="ApiServer">The API server.</param>
/// <param name="Authority">The certificate of who signed the server's.</param>
/// <param name="Kubelet">A client certificate of <c>system:node:NAME</c>.</param>
/// <param name="Namespace">Of the agent's service account.</param>
/// <param name="AgentToken">A token of it, from the API server.</param>
internal sealed record NodeAccess(string NodeName, Uri ApiServer, string Authority, PemPair Kubelet, string Namespace, string AgentToken);
