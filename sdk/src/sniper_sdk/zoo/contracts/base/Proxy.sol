// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Passes every call on to an implementation, which works on this contract's storage.
abstract contract Proxy {
    /// EIP-1967.
    bytes32 internal constant IMPLEMENTATION_SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    bytes32 internal constant ADMIN_SLOT = bytes32(uint256(keccak256("eip1967.proxy.admin")) - 1);
    bytes32 internal constant BEACON_SLOT = bytes32(uint256(keccak256("eip1967.proxy.beacon")) - 1);

    fallback() external payable virtual {
        _delegate(_implementation());
    }

    function _implementation() internal view virtual returns (address) {
        return _at(IMPLEMENTATION_SLOT);
    }

    function _at(bytes32 slot) internal view returns (address found) {
        assembly {
            found := sload(slot)
        }
    }

    function _put(bytes32 slot, address value) internal {
        assembly {
            sstore(slot, value)
        }
    }

    function _begin(address implementation, bytes memory data) internal {
        (bool done,) = implementation.delegatecall(data);
        require(done, "initialization failed");
    }

    function _delegate(address implementation) internal {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), implementation, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch done
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
