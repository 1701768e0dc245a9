// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BeaconProxy} from "base/BeaconProxy.sol";

/// Honest: behind a beacon, which nobody owns.
contract FixedBeacon is BeaconProxy {
    constructor(string memory name_, string memory symbol_, uint256 supply)
        BeaconProxy(name_, symbol_, supply, address(0))
    {}
}
