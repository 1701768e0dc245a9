// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IUpgradable {
    function upgradeTo(address implementation) external;
}

/// Passes its owner's upgrades on to a proxy.
contract ProxyAdmin {
    address public immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function upgrade(IUpgradable proxy, address implementation) external {
        require(msg.sender == owner, "not the owner");
        proxy.upgradeTo(implementation);
    }
}
