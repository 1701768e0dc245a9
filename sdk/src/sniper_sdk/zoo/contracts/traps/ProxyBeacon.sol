// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BeaconProxy} from "base/BeaconProxy.sol";

/// Trap: the implementation is told by a beacon, and the beacon has an owner.
contract ProxyBeacon is BeaconProxy {
    constructor(string memory name_, string memory symbol_, uint256 supply)
        BeaconProxy(name_, symbol_, supply, msg.sender)
    {}
}
